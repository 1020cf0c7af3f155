"""The bundled demo class of 12: honest, mistaken, unfinished and dishonest submissions.

Each is made from the exercise as students get it and the course's own solution, with
what this one did differently. So the class shows what a real one would: what the grader
gives, names and flags.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.classroom import course

ASSIGNMENT = "tokenize"
HANDED_IN = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Submission:
    """How one submission differs from the solution.

    `steps` is how many steps were solved (None: all); `instead` are functions written
    in another way, as source, which replace the solution's; `edit` changes the notebook
    further. `points` is what it should earn and `mistakes` what should be named.
    """

    student: str
    points: float = 0
    steps: int | None = None
    instead: tuple[str, ...] = ()
    edit: Callable[[NotebookNode], None] = lambda notebook: None
    mistakes: tuple[str, ...] = ()
    flagged: bool = False
    hours: float = 0  # after the class's first submissions


def files(submissions: Sequence[Submission] | None = None) -> dict[str, bytes]:
    """A class, by default CLASS: what its files hold, by their paths in its folder.

    The demo's secret is no secret, so that its grades are the same everywhere.
    """
    found = {"seed": b"the demo class\n"}
    place = course.root() / "exercises" / ASSIGNMENT / "reference.safetensors"
    reference = place.read_bytes()
    for number, submission in enumerate(CLASS if submissions is None else submissions):
        where = f"submitted/{submission.student}/{ASSIGNMENT}"
        stamp = HANDED_IN + datetime.timedelta(
            minutes=7 * number, hours=submission.hours
        )
        made = nbformat.writes(notebook(submission))
        found[f"{where}/{ASSIGNMENT}.ipynb"] = made.encode()
        found[f"{where}/timestamp.txt"] = f"{stamp:%Y-%m-%d %H:%M:%S} UTC\n".encode()
        found[f"{where}/reference.safetensors"] = reference
    return found


def write(folder: Path, submissions: Sequence[Submission] | None = None) -> int:
    """Write a class below `folder`/..; how many submissions there are.

    What is there already and unchanged is not touched.
    """
    submissions = CLASS if submissions is None else submissions
    for name, data in files(submissions).items():
        path = folder.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    return len(submissions)


def notebook(submission: Submission) -> NotebookNode:
    """The notebook that was handed in."""
    root = course.root()
    name = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    handed_in = nbformat.read(root / "exercises" / name, as_version=4)
    solution = nbformat.read(root / "solutions" / name, as_version=4)
    solved = {
        cell.metadata.nbgrader.grade_id: re.sub(
            r"^\s*### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE
        ).rstrip()
        for cell in solution.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    wanted = list(solved)[: submission.steps]
    instead = {_function(source): source for source in submission.instead}
    for cell in handed_in.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in wanted:
            cell.source = solved[grade_id]
            cell.source = instead.pop(_function(cell.source), cell.source)
    if instead:
        raise ValueError(f"{submission.student}: no step is named {', '.join(instead)}")
    submission.edit(handed_in)
    for number, cell in enumerate(handed_in.cells):
        cell["id"] = f"cell-{number}"
    return handed_in


def _function(source: str) -> str:
    return re.search(r"^def (\w+)", source, flags=re.MULTILINE)[1]


def insert_cell(source: str, before: int = 0) -> Callable[[NotebookNode], None]:
    """An edit that puts a code cell before the cell with that number."""
    return lambda nb: nb.cells.insert(before, new_code_cell(source))


def skip_checks(notebook: NotebookNode) -> None:
    """Tag every check so that nbclient, which runs notebooks, passes it over."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("check("):
            cell.metadata["tags"] = ["skip-execution"]


CLASS = (
    Submission("honest-as-taught", 20),
    Submission(
        "honest-own-style",
        20,
        instead=(
            """
from collections import Counter
from itertools import chain, pairwise


def count_pairs(chunks):
    return Counter(chain.from_iterable(map(pairwise, chunks)))
""",
            """
def merge(ids, pair, new_id):
    out = []
    for i in ids:
        if out and (out[-1], i) == tuple(pair) and out[-1] != new_id:
            out[-1] = new_id
        else:
            out.append(i)
    return out
""",
        ),
    ),
    Submission(
        "honest-with-warnings",
        20,
        instead=(
            """
import sys
import warnings


def to_chunks(text):
    warnings.warn("this is only a warning")
    print("and this only a progress bar", file=sys.stderr)
    return [list(chunk.encode()) for chunk in split(text)]
""",
        ),
    ),
    Submission(
        "mistaken-ties",
        17.5,
        instead=(
            """
def train(text, n_vocab):
    chunks, merges = to_chunks(text), {}
    while 256 + len(merges) < n_vocab:
        counts = count_pairs(chunks)
        if not counts:
            break
        pair = max(counts, key=counts.get)
        merges[pair] = 256 + len(merges)
        chunks = [merge(ids, pair, merges[pair]) for ids in chunks]
    return merges
""",
        ),
        mistakes=("ties: the first one seen",),
    ),
    Submission(
        "mistaken-ties-again",
        17.5,
        instead=(
            """
def train(text, n_vocab):
    chunks = to_chunks(text)
    merges = {}
    for new_id in range(256, n_vocab):
        counts = count_pairs(chunks)
        if counts == {}:
            return merges
        best = None
        for pair in counts:
            if best is None or counts[pair] > counts[best]:
                best = pair
        merges[best] = new_id
        chunks = [merge(chunk, best, new_id) for chunk in chunks]
    return merges
""",
        ),
        mistakes=("ties: the first one seen",),
    ),
    Submission(
        "mistaken-decode",
        17.94,
        instead=(
            """
def decode(ids, merges):
    pieces = {byte: bytes([byte]) for byte in range(256)}
    for (left, right), new_id in sorted(merges.items(), key=lambda item: item[1]):
        pieces[new_id] = pieces[left] + pieces[right]
    for i in ids:
        if i not in pieces:
            raise ValueError(f"unknown id {i}")
    return "".join(pieces[i].decode("utf-8", errors="replace") for i in ids)
""",
        ),
        mistakes=("each token decoded by itself, errors replaced",),
    ),
    Submission(
        "mistaken-special",
        18.1,
        instead=(
            """
def encode_special(text, merges, special, allowed):
    if not special:
        return encode(text, merges)
    names = sorted(special, key=len, reverse=True)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in special else encode(part, merges)
    return ids
""",
        ),
        mistakes=("every special token is allowed",),
    ),
    Submission("unfinished", 8, steps=4),
    Submission("untouched", 0, steps=0),
    Submission("dishonest-skips-checks", 0, steps=0, edit=skip_checks, flagged=True),
    Submission(
        "dishonest-empties-cells",
        0,
        steps=0,
        edit=insert_cell(
            "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"
        ),
        flagged=True,
    ),
    Submission(
        "dishonest-borrows-tiktoken",
        17,
        instead=(
            """
def encode(text, merges):
    theirs = tiktoken.Encoding(
        "theirs", pat_str=PATTERN, mergeable_ranks=ranks(merges), special_tokens={}
    )
    return theirs.encode_ordinary(text)
""",
        ),
        flagged=True,
    ),
)
