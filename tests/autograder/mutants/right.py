"""The right answers that mutants are made of: each as source, with what is around it.

The instructor's solution, the oracle, and what the tests of the checks hold to be right
in another style.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import linecache
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from autograder import checks
from autograder.checks import Check

ROOT = Path(__file__).parents[3]


class Right(NamedTuple):
    name: str  # "" is the solution
    source: str  # the definition of one function
    around: dict[str, Any]  # the names that it finds there

    def made(self, source: str) -> Callable[..., Any]:
        """A function of this definition, among the same names."""
        space = dict(self.around)
        file = f"<{self.name or 'solution'}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), space)  # noqa: S102 - it is ours
        return space[ast.parse(source).body[0].name]


def right(exercise: str, check: Check) -> Iterator[Right]:
    """All right answers to a check, the solution first."""
    yield Right("", _sources(exercise)[check.name], _names(exercise))
    for answer in [check.oracle, *_others(exercise, check.name)]:
        name = answer.__name__.replace("<lambda>", "another")
        yield Right(name, _definition(answer), answer.__globals__)


@cache
def _sources(exercise: str) -> dict[str, str]:
    """Each graded function as the instructor's notebook defines it."""
    path = ROOT / "solutions" / exercise / f"{exercise}.ipynb"
    known, found = checks.load(exercise), {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] != "code" or not text.startswith("def "):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name in known:
                found[node.name] = ast.unparse(node)
    return found


@cache
def _names(exercise: str) -> dict[str, Any]:
    """The instructor's notebook with its right steps."""
    from tests.autograder.checks.test_checks import solution

    with contextlib.redirect_stdout(io.StringIO()):
        return solution(exercise)


def _others(exercise: str, name: str) -> list[Callable[..., Any]]:
    """What the tests of the checks, or `styles.py`, say is right, too."""
    from tests.autograder.checks import test_attend, test_embed, test_sample
    from tests.autograder.mutants.styles import STYLES

    known = {
        "attend": [*test_attend.OTHER_WAYS.items()],
        "embed": test_embed.OTHERS,
        "sample": test_sample.OTHERS,
        "tokenize": STYLES,
        "mlp": STYLES,
        "modern": STYLES,
        "train": STYLES,
        "cache": STYLES,
        "chat": STYLES,
    }
    return [answer for of, answer in known.get(exercise, ()) if of == name]


def _definition(answer: Callable[..., Any]) -> str:
    """A function's source as a `def` of its own, a lambda's too."""
    file = inspect.getsourcefile(answer)
    tree = ast.parse(Path(file).read_text("utf-8"))
    for node in ast.walk(tree):
        if getattr(node, "lineno", None) != answer.__code__.co_firstlineno:
            continue
        if isinstance(node, ast.FunctionDef):
            return ast.unparse(node)
        if isinstance(node, ast.Lambda):
            made = ast.parse("def another(): pass").body[0]
            made.args, made.body = node.args, [ast.Return(node.body)]
            return ast.unparse(ast.fix_missing_locations(made))
    raise ValueError(f"{answer} is not written as a function in {file}")
