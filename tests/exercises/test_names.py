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
from types import CodeType

import pytest

from autograder import checks

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
    """The names to which a cell gives a meaning that lasts; an import is meant to be."""
    table = symtable.symtable(source, "cell", "exec")
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() and not symbol.is_imported()
    }


def inner(source: str) -> set[str]:
    """What the functions of a source call their arguments and all that they compute."""

    def walk(table: symtable.SymbolTable) -> Iterator[str]:
        for child in table.get_children():
            if child.get_type() == "function":
                yield from (s.get_name() for s in child.get_symbols() if s.is_local())
            yield from walk(child)

    return {*walk(symtable.symtable(source, "source", "exec"))}


def locals_of(code: CodeType) -> set[str]:
    """The names of a function that is there, and of those inside it."""
    codes = (const for const in code.co_consts if isinstance(const, CodeType))
    return {*code.co_varnames, *code.co_cellvars}.union(*map(locals_of, codes))


def likely(word: str) -> set[str]:
    """Names that a step may use: those of the solutions, the course, and mistakes."""
    sources = [cell["source"] for cell in cells(word) if cell["label"].get("solution")]
    sources.append((ROOT / f"gpt/{word}.py").read_text("utf-8"))
    answers = [m.answer for c in checks.load(word).values() for m in c.mistakes]
    plain = [getattr(answer, "func", answer) for answer in answers]
    codes = [f.__code__ for f in plain if hasattr(f, "__code__")]
    names = [*map(inner, sources), *map(locals_of, codes)]
    return {*string.ascii_letters}.union(*names)


def told(word: str) -> set[str]:
    """What the notebook gives the student to use, and says so: above, or at the end."""
    by_name = {c["label"].get("grade_id"): c["source"] for c in cells(word)}
    said = re.findall(r"`(\w+)\b", by_name["given_note"] + by_name["finale"])
    return {*said} & (left_by(by_name["given"]) | left_by(by_name["agree"]))


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
    source = "import os\nfor d_head in (4, 64):\n    print([k for k in range(d_head)])"
    assert left_by(source) == {"d_head"}
    assert inner("def f(q):\n    d_head = q[0]\n    return [k for k in q]") >= {
        *("q", "d_head", "k")
    }
