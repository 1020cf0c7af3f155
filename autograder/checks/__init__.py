"""What a check is: one graded function, with its inputs, oracle and mistakes.

The room that answers: what is asked? Each folder here holds the checks of one exercise,
one file a check, and its `CHECKS` names them in the order in which the notebook meets
them. A check's file holds all of it, as `CHECK`: how its cases are drawn, its oracle,
its mistakes, its points. What the checks of an exercise share is `_material.py` in its
folder; what all share, `_material.py`, `_slips.py` and `_twins.py` here.

Trusted: the grader's own code, imported only by the grader and on the student's own
machine, never by the kernel that grades. It imports `gpt` (for inputs, never for an
oracle) and nothing else of the autograder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One input of a check: the arguments, and what it tests, in a few words.

    `what` completes the sentence "the case tests ..." and may be shown to students
    even where the arguments are hidden, so it never gives away their values. A case at
    the `edge` tests a guard, a tie, an extreme, not the idea of the step.
    """

    what: str
    args: tuple[Any, ...]
    edge: bool = False


def edge(what: str, args: tuple[Any, ...]) -> Case:
    """A case at the edge: whoever has the idea of the step may lose little by it."""
    return Case(what, args, edge=True)


@dataclass(frozen=True, eq=False)
class Mistake:
    """A plausible wrong answer, and what a good tutor would say to it.

    `answer` has the signature of the student's function and is wrong on at least one
    case of every draw. `hint` leads to the mistake without giving the code away.
    """

    name: str
    hint: str
    answer: Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Check:
    """One graded function.

    `draw(rng)` makes the cases from a `numpy.random.Generator`: every seed gives other
    arguments but the same number of cases, in the same order, testing the same things.
    `oracle(*args)` gives the expected value, independently of the course's own code;
    where a ValueError is the right answer it raises one. Values are built from None,
    bool, int, float, str, bytes, list, tuple, dict, numpy arrays and torch tensors.
    Exact types are compared exactly; floats and float tensors within `rtol` and `atol`.
    Of an argument that requires its gradient (`_material.learning`) that is compared, too:
    the gradient of the answer's sum, which the oracle has to keep.
    `worked(*args)` gives the values on the way to the answer, in order, by what they
    are called; a student sees them of the smallest public case that is wrong in a way
    that no mistake explains.
    `forbidden` are names that may not be mentioned in what the student's function leans
    on (`_material.WHY` says why, and the step's text names them), and `after` are the
    earlier steps that the function may call, itself or by way of others, in order: where
    one of them is not right, the course's own takes its place.
    """

    name: str
    points: int
    draw: Callable[[np.random.Generator], list[Case]]
    oracle: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    forbidden: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rtol: float = 1e-4
    atol: float = 1e-5
    worked: Callable[..., dict[str, Any]] | None = None


def exercises() -> list[str]:
    """The exercises that have checks, in alphabetical order."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)


def load(exercise: str) -> dict[str, Check]:
    """The checks of an exercise by name, in order. ValueError where there are none."""
    if exercise not in exercises():
        raise ValueError(
            f"no checks for the exercise {exercise!r}: "
            f"there is no folder autograder/checks/{exercise}"
        )
    package = f"{__name__}.{exercise}"
    found = {}
    for name in importlib.import_module(package).CHECKS:
        try:
            check = importlib.import_module(f"{package}.{name}").CHECK
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
            raise ValueError(
                f"CHECKS in autograder/checks/{exercise}/__init__.py names {name!r}, and "
                f"there is no file autograder/checks/{exercise}/{name}.py"
            ) from None
        if check.name != name:
            raise ValueError(
                f"autograder/checks/{exercise}/{name}.py holds the check "
                f"{check.name!r}: file and check have one name"
            )
        found[name] = check
    return found


def having(name: str) -> str:
    """The exercise that has a check of this name. ValueError where none has."""
    for exercise in exercises():
        if name in importlib.import_module(f"{__name__}.{exercise}").CHECKS:
            return exercise
    raise ValueError(
        f"no check named {name!r} in the exercises {', '.join(exercises())}"
    )
