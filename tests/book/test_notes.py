"""Each recorded number of a page: when, on what, from which seed and by which command.

A list at the end of the page says so, folded, and the text above it does not.
"""

import json
import re

import pytest

from bench.chapter import BOOK
from tests.book.page import run

HEAD = ":::{admonition} How the recorded numbers were made"


def parted(chapter):
    """(what stands above the list, the list's rows as a reader sees them)."""
    text = (BOOK / f"{chapter}.md").read_text("utf-8")
    above, found, below = text.partition(HEAD)
    assert found and below.strip().endswith(":::"), "the list is the page's end"
    facts = {name: f"{value:,}" if isinstance(value, int) else str(value)
             for name, value in run(chapter).facts.items()}  # fmt: skip
    told = re.sub(r"\{glue:text\}`(\w+)`", lambda glued: facts[glued[1]], below)
    return above, [line for line in told.splitlines() if line.startswith("- ")]


def records(chapter):
    """What the page's list has to name: the parts of its file."""
    found = json.loads((BOOK / f"recorded/{chapter}.json").read_text("utf-8"))
    return [found] if "made by" in found else [*found.values()]


@pytest.mark.parametrize("chapter", ["train", "cache", "modern", "chat"])
def test_the_list_names_every_record(chapter):
    _, rows = parted(chapter)
    for part in records(chapter):
        (row,) = [row for row in rows if f"`{part['made by']}`" in row]
        assert part["date"] in row
        machine, *more = part["machine"].removesuffix(" cores").split(", ")
        assert machine in row and (not more or f"{more[0].split()[0]} cores" in row)
        if "seed" in part:
            assert re.search(rf"seeds? {part['seed']}\b", row), row


@pytest.mark.parametrize("chapter", ["train", "cache", "modern", "chat"])
def test_nothing_above_the_list_repeats_it(chapter):
    above, _ = parted(chapter)
    assert not re.search(r"ecorded (on|by)\b", above)
