"""Solutions that are much alike: a hint for a person, never a verdict.

The cells to fill in are cut into tokens, without parsing them: comments, blanks and what
was released are left out, and a name that the exercise does not use is any name, so that
renaming hides nothing. Short runs of tokens that few submissions share, and the course's
own solution has not, bring pairs together (as in MOSS: Schleimer, Wilkerson and Aiken,
*Winnowing*, 2003); RapidFuzz says how like these are. Nobody is compared with everybody.
"""

from __future__ import annotations

import concurrent.futures
import functools
import hashlib
import itertools
import json
import multiprocessing
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

RUN = 9  # tokens in a row
FEWEST = 12  # rare runs that two must share
SHARED_BY, MOST_SHARE = 4, 10  # so many, or one in 200, may share a run that is rare
MANY = 300  # notebooks that are worth a process of their own
NEAR = 0.85  # how like two must be, from 0 to 1
PAIRS = 40  # that are shown
COMPARED = 400  # that are compared
CELL = 20_000  # characters of a cell that are looked at
_TOKEN = re.compile(r"#[^\n]*|[^\W\d]\w*|\d[\w.]*|\S")
_WORD = re.compile(r"[^\W\d]\w*")

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """Two submissions, how like they are (from 0 to 1), and in how many rare runs."""

    one: str
    other: str
    near: float
    shared: int


@dataclass(frozen=True)
class Given:
    """What everybody has: the released text of each cell, the words, the solution's runs."""

    released: Mapping[str, str]
    words: frozenset[str]
    runs: frozenset[int]


def given(released: Path, solution: Path) -> Given:
    """What is known of an exercise: its notebook as released, and the course's own."""
    texts = {name: text for name, text in steps(released).items()}
    own = steps(solution)
    every = [*texts.values(), *own.values()]
    words = frozenset(word for text in every for word in _WORD.findall(text))
    empty = Given(texts, words, frozenset())
    return Given(texts, words, frozenset(_runs(tokens(own, empty)).tolist()))


def steps(notebook: Path) -> dict[str, str]:
    """The cells to fill in, by grade id, with their source."""
    with notebook.open("rb") as file:
        cells: list[dict[str, Any]] = json.load(file)["cells"]
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }


def tokens(sources: Mapping[str, str], given: Given) -> Tokens:
    """The tokens of a submission's cells, in the exercise's order."""
    found: list[str] = []
    for name, released in given.released.items():
        known = {line.strip() for line in released.split("\n")}
        for line in sources.get(name, "")[:CELL].split("\n"):
            if line.strip() in known or line.lstrip().startswith("### "):
                continue
            for token in _TOKEN.findall(line):
                if token[0] == "#":
                    continue
                any_name = _WORD.fullmatch(token) and token not in given.words
                found.append("name" if any_name else token)
    return tuple(found)


def _runs(text: Tokens) -> np.ndarray:
    """A hash of each run of tokens, once."""
    numbers = [zlib.crc32(token.encode("utf-8", "replace")) for token in text]
    if len(numbers) < RUN:
        return np.empty(0, np.uint64)
    window = np.lib.stride_tricks.sliding_window_view(np.array(numbers, np.uint64), RUN)
    hashed = np.zeros(len(window), np.uint64)
    for column in range(RUN):
        hashed = hashed * np.uint64(1_000_003) + window[:, column]
    return np.unique(hashed)


def pairs(
    notebooks: Mapping[str, Path], given: Given, jobs: int = 1
) -> tuple[list[Alike], list[list[str]]]:
    """The most alike of these, most alike first; and groups that are the very same.

    What cannot be read is left out.
    """
    found: dict[str, np.ndarray] = {}
    same: dict[bytes, list[str]] = {}
    quiet = None if len(notebooks) >= MANY else True  # a few take a moment
    about = {"desc": "who is like whom", "unit": " notebooks", "disable": quiet}
    for name, seen in tqdm(
        _seen(notebooks, given, jobs), total=len(notebooks), **about
    ):
        if seen is not None:
            same.setdefault(seen[0], []).append(name)
            found[name] = np.frombuffer(seen[1], np.uint64)
    groups = sorted(
        (g for g in same.values() if len(g) > 1), key=lambda g: (-len(g), g)
    )
    again = {name for group in groups for name in group[1:]}
    counted = _shared([name for name in found if name not in again], found)
    likely = [(pair, n) for pair, n in counted.most_common(COMPARED) if n >= FEWEST]
    return _compared(likely, notebooks, given), groups


Seen = tuple[bytes, bytes]  # a hash of all tokens, and the runs that the course has not


def _seen(
    notebooks: Mapping[str, Path], given: Given, jobs: int
) -> Iterator[tuple[str, Seen | None]]:
    if jobs == 1 or len(notebooks) < MANY:
        yield from ((name, _look(path, given)) for name, path in notebooks.items())
        return
    context = multiprocessing.get_context("forkserver")
    with concurrent.futures.ProcessPoolExecutor(jobs, context) as pool:
        look = functools.partial(_look, given=given)
        found = pool.map(look, notebooks.values(), chunksize=50)
        yield from zip(notebooks, found, strict=True)


def _look(notebook: Path, given: Given) -> Seen | None:
    """What is compared of a notebook; None where it is too little, or cannot be read."""
    try:
        text = tokens(steps(notebook), given)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    own = np.array(sorted(given.runs), np.uint64)
    runs = np.setdiff1d(_runs(text), own, assume_unique=True)
    if len(runs) < FEWEST:
        return None
    told = "\0".join(text).encode("utf-8", "replace")
    return hashlib.blake2b(told, digest_size=16).digest(), runs.tobytes()


def _shared(
    names: Sequence[str], found: Mapping[str, np.ndarray]
) -> Counter[tuple[str, str]]:
    """How many rare runs two have in common, of all who have one."""
    if not names:
        return Counter()
    runs = np.concatenate([found[name] for name in names])
    owners = np.repeat(np.arange(len(names)), [len(found[name]) for name in names])
    order = np.argsort(runs, kind="stable")
    runs, owners = runs[order], owners[order]
    starts = np.flatnonzero(np.r_[True, runs[1:] != runs[:-1]])
    lengths = np.diff(np.r_[starts, len(runs)])
    most = min(MOST_SHARE, max(SHARED_BY, len(names) // 200))
    rare = (lengths >= 2) & (lengths <= most)
    counted: Counter[tuple[str, str]] = Counter()
    for start, length in zip(
        starts[rare].tolist(), lengths[rare].tolist(), strict=True
    ):
        who = owners[start : start + length].tolist()
        counted.update(itertools.combinations(map(names.__getitem__, who), 2))
    return counted


def _compared(
    likely: Sequence[tuple[tuple[str, str], int]],
    notebooks: Mapping[str, Path],
    given: Given,
) -> list[Alike]:
    from rapidfuzz.distance import Indel

    texts: dict[str, Tokens] = {}
    close = []
    for (one, other), shared in likely:
        for name in (one, other):
            if name not in texts:
                texts[name] = tokens(steps(notebooks[name]), given)
        near = Indel.normalized_similarity(texts[one], texts[other], score_cutoff=NEAR)
        if near >= NEAR:
            close.append(Alike(one, other, near, shared))
    return sorted(close, key=lambda pair: (-pair.near, -pair.shared, pair.one))[:PAIRS]
