"""The bank: the public cases of an exercise and the answers of the oracle.

`reference.safetensors` lies beside each notebook, so a student's own machine can check
an answer within a second and without the oracle's packages. The cases that grade are
drawn from another seed, which only the instructor has; a kernel is handed their inputs,
and nothing else ever holds them.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from autograder import checks
from autograder.checks import Case, Check, Mistake
from autograder.verdict import outcome, wire
from autograder.verdict.judge import expected
from autograder.verdict.secret import PUBLIC_SEED, REFERENCE

Points = tuple[tuple[str, float], ...]  # of checks by name, as a notebook gives them


@functools.lru_cache(maxsize=8)
def weighed(assignment: str, points: Points) -> dict[str, Check]:
    """The checks of an exercise, each with the points that a notebook gives it.

    A check whose points are its own is itself. ValueError where there are no checks.
    """
    given = dict(points)
    return {
        name: check
        if given.get(name, check.points) == check.points
        else replace(check, points=given[name])
        for name, check in checks.load(assignment).items()
    }


def draw(check: Check, seed: bytes) -> list[Case]:
    """The cases of a check for a seed; every other seed gives other arguments."""
    digest = hmac.new(seed, check.name.encode(), hashlib.sha256).digest()
    return check.draw(np.random.default_rng(int.from_bytes(digest, "big")))


def build(assignment: str, notebook: Path | None = None) -> dict:
    """The public reference of an exercise, as a value that `wire.pack` takes.

    notebook: the instructor's, whose points count, and whose locked code a student's
    progress is run with.
    """
    entries = {}
    cells = _labelled(notebook) if notebook and notebook.exists() else []
    labels = [cell["label"] for cell in cells if cell["label"]["grade"]]
    points = tuple((label["grade_id"], label["points"]) for label in labels)
    for check in weighed(assignment, points).values():
        cases = draw(check, PUBLIC_SEED)
        entries[check.name] = {
            "points": check.points,
            "what": [case.what for case in cases],
            "edge": [case.edge for case in cases],
            "args": [outcome.to_args(case.args) for case in cases],
            "expected": outcome.to_rows(expected(check, cases)),
        }
    return {"assignment": assignment, "checks": entries, "cells": cells}


def _labelled(notebook: Path) -> list[dict]:
    """The code cells of a notebook that have a label, as they will be released.

    Of a step nothing is kept but its label: its source is the solution.
    """
    found = []
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        label = cell["metadata"].get("nbgrader")
        if label and cell["cell_type"] == "code":
            source = "" if label["solution"] else "".join(cell["source"])
            found.append({"label": label, "source": source})
    return found


def cells(path: Path) -> list[dict]:
    """The labelled code cells of the exercise that a reference belongs to, in order."""
    return wire.unpack(path.read_bytes())["cells"]


def write(assignment: str, folder: Path, notebook: Path | None = None) -> Path:
    """Write the public reference of an exercise into `folder`; whole or not at all.

    One that is there already stays where only its last digits differ: another processor
    rounds otherwise, and a copy of the course that was only built is still as it came.

    notebook: the instructor's, if it does not lie in `folder`.
    """
    path = folder / REFERENCE
    notebook = notebook or folder / f"{assignment}.ipynb"
    built = wire.pack(build(assignment, notebook))
    if not (path.exists() and only_rounded(path.read_bytes(), built)):
        part = path.with_suffix(".part")
        part.write_bytes(built)
        os.replace(part, path)
    return path


def only_rounded(stored: bytes, built: bytes) -> bool:
    """Whether two packed references are the same but for the last digits of floats."""
    try:
        (what, ours), (other, theirs) = map(_contents, (built, stored))
    except (SafetensorError, KeyError, ValueError):
        return False  # it was damaged
    return what == other and all(_near(ours[name], theirs[name]) for name in ours)


def _contents(packed: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """The header without the places of the bytes, and the tensors."""
    size = int.from_bytes(packed[:8], "little")
    header = json.loads(packed[8 : 8 + size])
    for entry in header.values():
        entry.pop("data_offsets", None)
    return header, safetensors.numpy.load(packed)


def _near(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal; floats to some last digits of the largest of them."""
    if one.dtype.kind != "f":
        return np.array_equal(one, other)
    largest = np.abs(one[np.isfinite(one)], dtype=np.float64).max(initial=0)
    digits = 16 * float(np.finfo(one.dtype).eps)
    return np.allclose(one, other, rtol=0, atol=largest * digits, equal_nan=True)


class Entry(NamedTuple):
    """The public cases of a check, what is right there, and what a mistake makes of one.

    A mistake is asked once, however often a student tries.
    """

    cases: list[Case]
    wanted: list[outcome.Outcome]
    made: Callable[[Mistake, int], outcome.Outcome]


Entries = dict[str, Entry]


def read(reference: Path | dict) -> tuple[str, Entries]:
    """The exercise that a reference belongs to; each check's cases and answers."""
    if isinstance(reference, Path):
        reference = wire.unpack(reference.read_bytes())
    entries = {}
    for name, entry in reference["checks"].items():
        cases = [
            Case(what, outcome.from_args(args), edge)
            for what, args, edge in zip(
                entry["what"], entry["args"], entry["edge"], strict=True
            )
        ]
        wanted = outcome.from_rows(entry["expected"])
        entries[name] = Entry(cases, wanted, _remembering(cases))
    return reference["assignment"], entries


def _remembering(cases: list[Case]) -> Callable[[Mistake, int], outcome.Outcome]:
    @functools.lru_cache(maxsize=20_000)
    def made(mistake: Mistake, i: int) -> outcome.Outcome:
        return outcome.run(mistake.answer, cases[i].args)

    return made


def points(reference: Path | dict) -> dict[str, float]:
    """The points of each check of a reference, in the notebook's order."""
    stored = reference
    if isinstance(reference, Path):
        stored = wire.unpack(reference.read_bytes())
    return {name: entry["points"] for name, entry in stored["checks"].items()}
