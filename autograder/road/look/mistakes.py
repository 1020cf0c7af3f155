"""What a named mistake is: the tutor's sentence, and what it does to a public case.

A picture of it is made of the mistake's own answer to a case that every student has, and
never of a hidden case: whatever a submission does, it chooses nothing of what is shown.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable

from autograder import checks
from autograder.checks import Check, Mistake
from autograder.classroom.book import Standing
from autograder.classroom.exam import public
from autograder.road.look.page import Example
from autograder.verdict import bank, outcome, panel
from autograder.verdict.judge import judge
from autograder.verdict.named import pairs


@functools.cache
def known(exercise: str) -> dict[tuple[str, str], tuple[Check, Mistake]]:
    """The mistakes of an exercise by check and name, pairs of them too."""
    return {
        (name, mistake.name): (check, mistake)
        for name, check in checks.load(exercise).items()
        for mistake in (*pairs(check), *check.mistakes)
    }


def hint(exercise: str, check: str, mistake: str) -> str:
    """What a good tutor would say to a mistake; nothing where it is not known any more."""
    found = known(exercise).get((check, mistake))
    return found[1].hint if found else ""


def examples(
    exercise: str, standings: Iterable[Standing]
) -> dict[tuple[str, str], Example]:
    """The example of each mistake that these have made, each made once."""
    made = {(n, c.mistake) for s in standings for n, c in s.checks.items() if c.mistake}
    found = known(exercise)
    return {
        key: example
        for key in sorted(made & found.keys())
        if (example := _example(*found[key]))
    }


def _example(check: Check, mistake: Mistake) -> Example | None:
    """The first public case on which a mistake is wrong: as text, and as a picture."""
    cases, wanted = bank.draw(check, bank.PUBLIC_SEED), public(check)
    with warnings.catch_warnings(action="ignore"):  # of odd values, to a mistake
        got = [outcome.run(mistake.answer, case.args) for case in cases]
        verdict = judge(check, cases, wanted, got)
    if not verdict.results or verdict.right:
        return None
    code, picture = panel.example(verdict, cases, wanted, got)
    # The page forbids styles within it; page.css says the same of these classes.
    picture = re.sub(r' style="[^"]*"', "", picture)
    return mistake.hint, code, picture.replace("<div>", '<div class="pair">', 1)
