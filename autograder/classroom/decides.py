"""What decides a grade, part by part: a change of that, and of nothing else, counts.

Code is hashed by what it does. A comment, a docstring or another form grades no class
again. Each part is hashed by itself, so that a regrade can say what has changed.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.classroom import course

if TYPE_CHECKING:
    from autograder.classroom.setup import Setup

HOUSE = Path(__file__).parents[1]
# Of this room: what reads a submission, runs it and judges it (a test holds it to that).
CLASSROOM = ("cells", "choose", "collect", "exam", "reader", "submission", "verify")
CLASSROOM += ("setup", "worker")
WORDS = {  # of each part, what a person is told where it has changed
    "checks": "its checks have changed",
    "grader": "the grader has changed",
    "course": "the course's code (gpt) has changed",
    "notebook": "its notebook has changed",
    "points": "its points have changed",
    "seed": "the class's seed has changed",
    "limits": "the limits have changed",
    "submission": "handed in again",
}
EARLIER = "graded by an earlier version, or by nbgrader's own command"


def parts(setup: Setup) -> dict[str, str]:
    """The hash of each part of what decides a grade, beside the submission."""
    from autograder.verdict.secret import hidden_seed

    about, word = setup.about, setup.assignment
    plain = {
        n: (c.kind, c.source, c.locked, c.solution) for n, c in about.cells.items()
    }
    small = sorted((HOUSE.parent / "gpt" / "small").glob("*"))
    weights = [hashlib.sha256(path.read_bytes()).hexdigest() for path in small]
    found = {
        "checks": code(_checks(word)),
        "grader": code(_grader()),
        "course": [code(sorted((HOUSE.parent / "gpt").glob("*.py"))), weights],
        "notebook": [
            plain,
            course.steps(word),
            about.kernelspec,
            _files(setup.sources),
        ],
        "points": about.points,
        "seed": hidden_seed(setup.seed_file, word),
        "limits": (setup.limits, setup.sandboxed),
    }
    return {part: _hash(repr(value)) for part, value in found.items()}


def version(parts: Mapping[str, str]) -> str:
    """One hash of all parts."""
    return hashlib.sha256(repr(sorted(parts.items())).encode()).hexdigest()


def why(before: Mapping[str, str] | None, now: Mapping[str, str]) -> str:
    """What has changed, in words; empty where nothing has."""
    if before is None:
        return EARLIER
    told = [WORDS[part] for part in now if before.get(part) != now[part]]
    return "; ".join(told)


def outdated(
    version: str, now: str, known: Mapping[str, Mapping[str, str]], is_rescaled: bool
) -> str:
    """Why a grade by a version is outdated where another one holds now; empty: it is not.

    Empty versions are not known. is_rescaled: whether the points of a check are others
    now. Other limits alone make none outdated: they may have been set for one student.
    """
    told = ""
    if version and version != now and now in known:
        mine = {part: digest for part, digest in known[now].items() if part != "limits"}
        told = why(known.get(version), mine)
    if is_rescaled and WORDS["points"] not in told:
        told = "; ".join(filter(None, [WORDS["points"], told]))
    return told


def files(word: str) -> list[Path]:
    """The modules of the autograder that decide the grades of an exercise."""
    return sorted([*_checks(word), *_grader()])


def code(modules: Iterable[Path]) -> str:
    """A hash of what modules do, whatever is said about it in them."""
    digest = hashlib.sha256()
    for path in modules:
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [line for line in body if not _is_text(line)]
        digest.update(
            f"{path.name}\0{ast.dump(tree, annotate_fields=False)}\0".encode()
        )
    return digest.hexdigest()


def _is_text(line: ast.stmt) -> bool:
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )


def _checks(word: str) -> list[Path]:
    every = HOUSE / "checks"
    return [*sorted(every.glob("*.py")), *sorted((every / word).glob("*.py"))]


def _grader() -> list[Path]:
    rooms = [*(HOUSE / "box").rglob("*.py"), *(HOUSE / "verdict").rglob("*.py")]
    mine = [HOUSE / "classroom" / f"{name}.py" for name in CLASSROOM]
    return sorted([HOUSE / "check.py", *rooms, *mine])


def _files(sources: Mapping[str, bytes]) -> dict[str, str]:
    """What lies beside the notebook; the public answers grade nobody."""
    from autograder.verdict.secret import REFERENCE

    every = {name: hashlib.sha256(data).hexdigest() for name, data in sources.items()}
    return {name: digest for name, digest in every.items() if name != REFERENCE}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
