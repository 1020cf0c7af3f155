"""Does a notebook leave no name behind that a step could use by accident?

A step that forgets to compute `d_head` should end in a NameError, not in whatever a
cell that was only to be played with has left under that name.
"""

import json
import re
import string
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = sorted(path.parent.name for path in ROOT.glob("solutions/*/*.ipynb"))


def cells(word: str) -> list[dict]:
    notebook = json.loads((ROOT / f"solutions/{word}/{word}.ipynb").read_text("utf-8"))
    return [
        cell
        | {
            "source": "".join(cell["source"]),
            "label": cell["metadata"].get("nbgrader", {}),
        }
        for cell in notebook["cells"]
    ]


def left_by(source: str) -> set[str]:
    """The names to which a cell gives a meaning that lasts."""
    table = symtable.symtable(source, "cell", "exec")
    found = (s for s in table.get_symbols() if s.is_assigned() or s.is_imported())
    return {symbol.get_name() for symbol in found}


def inner(source: str) -> set[str]:
    """What the functions of a source call their arguments and all that they compute."""

    def walk(table: symtable.SymbolTable) -> Iterator[str]:
        for child in table.get_children():
            if child.get_type() == "function":
                yield from (s.get_name() for s in child.get_symbols() if s.is_local())
            yield from walk(child)

    return {*walk(symtable.symtable(source, "source", "exec"))}


def likely(word: str) -> set[str]:
    """Names that a step may use: those of the solutions and of all that checks know."""
    steps = [cell["source"] for cell in cells(word) if cell["label"].get("solution")]
    files = [ROOT / f"gpt/{word}.py", *ROOT.glob(f"autograder/checks/{word}/*.py")]
    sources = steps + [file.read_text("utf-8") for file in files]
    return {*string.ascii_letters}.union(*map(inner, sources))


def told(word: str) -> set[str]:
    """The names that the text of a notebook hands to the student."""
    (note,) = (c for c in cells(word) if c["label"].get("grade_id") == "given_note")
    spans = re.findall(r"`([^`]+)`", note["source"])
    return {name for span in spans for name in re.findall(r"\w+", span)[:1]}


@pytest.mark.parametrize("word", WORDS)
def test_no_cell_leaves_a_name_that_a_step_could_use_by_accident(word):
    used, given = likely(word), told(word)
    for cell in cells(word):
        if cell["cell_type"] == "code" and not cell["label"].get("solution"):
            name = cell["id"]
            found = (left_by(cell["source"]) & used) - given
            assert not found, (
                f"{word}, cell {name}, leaves {', '.join(sorted(found))} behind"
            )


def test_the_look_sees_what_lasts_and_what_does_not():
    source = "for d_head in (4, 64):\n    print([k for k in range(d_head)])\nimport os.path"
    assert left_by(source) == {"d_head", "os"}
    assert inner("def f(q):\n    d_head = q[0]\n    return [k for k in q]") >= {
        *("q", "d_head", "k")
    }
