"""What a check is: one graded function, with its inputs, oracle and mistakes.

Each module beside this one holds the checks of one exercise in a list named
`CHECKS`, in the order in which the notebook meets them. Only the grader and the
student's own machine import these modules; the kernel that grades never does.
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
    even where the arguments are hidden, so it never gives away their values.
    """

    what: str
    args: tuple[Any, ...]


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
    `forbidden` are names that the student's own cells may not mention, and `after` are
    the checks on which this one builds.
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


def load(assignment: str) -> dict[str, Check]:
    """The checks of an exercise by name, in order. ValueError where there are none."""
    try:
        module = importlib.import_module(f"{__name__}.{assignment}")
    except ModuleNotFoundError:
        raise ValueError(
            f"no checks for the exercise {assignment!r}: "
            f"autograder/checks/{assignment}.py is not there"
        ) from None
    return {check.name: check for check in module.CHECKS}


def having(name: str) -> str:
    """The exercise that has a check of this name. ValueError where none has."""
    exercises = sorted(
        module.name for module in pkgutil.iter_modules(__path__) if module.ispkg
    )
    for exercise in exercises:
        if name in load(exercise):
            return exercise
    raise ValueError(f"no check named {name!r} in the exercises {', '.join(exercises)}")
