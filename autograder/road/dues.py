"""What is due when, and what a late day costs: as it is kept, in words and for scripts."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import shlex
from typing import TYPE_CHECKING, Any

from autograder.classroom import course

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.classroom.late import Rule
    from autograder.road.times import Clock


def show(
    options: argparse.Namespace, name: str, clock: Clock, gradebook: Gradebook
) -> int:
    """Print what holds for each exercise, or for one."""
    from autograder.classroom import late
    from autograder.road.text import columns

    if options.json:
        told = {"class": name, **everything(gradebook)}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    known = dues(gradebook)
    wanted = options.exercise
    words_ = begun(gradebook) if wanted in (None, "all") else [wanted]
    print(f"{name} · times are {clock.name}\n")
    if not words_:
        print("  no exercise was released or collected yet")
    rows, own = [("exercise", "due", "late")], []
    for word in words_:
        due = known.get(word)
        shown = clock.short(due)
        rows.append((word, shown, words(late.rule(gradebook, word)) if due else ""))
        more = late.extensions(gradebook, word, due)
        own += [(word, s, clock.short(due + m)) for s, m in sorted(more.items()) if m]
    if words_:
        print("\n".join(f"  {line}" for line in columns(rows)))
    if own:
        print("\n  extensions")
        print("\n".join(f"    {line}" for line in columns(own, indent=4)))
    if not known:
        first = [*words_, *course.assignments()][0]
        print(
            f"\nNext: python -m autograder due {first} '2026-11-20 23:59' "
            f"--per-day 10% --class {shlex.quote(name)}"
        )
    return 0


def begun(gradebook: Gradebook) -> list[str]:
    """The exercises that this class has to do with: released, collected, or announced."""
    import sqlalchemy as sa
    from nbgrader import api

    from autograder.classroom import late
    from autograder.road.handout import pin

    folder = course.class_folder()
    known = {*gradebook.db.execute(sa.select(api.Assignment.name)).scalars()}
    known |= {*late.rules(gradebook)}
    with contextlib.suppress(ValueError):  # of a damaged list, which others tell
        known |= {*pin.pinned(folder).get("exercises", {})}
    top = folder / "submitted"
    every = course.assignments()
    return [w for w in every if w in known or course.students_in(top, w)]


def words(rule: Rule) -> str:
    """A rule as a sentence's end."""
    from autograder.road.times import span

    if not rule.per_day:
        return "costs nothing"
    told = f"{_number(rule.per_day, rule.is_share)} a day"
    if rule.cap is not None:
        told += f", at most {_number(rule.cap, rule.cap_is_share)}"
    if rule.grace:
        told += f"; {span(datetime.timedelta(seconds=rule.grace))} of grace"
    return told


def _number(value: float, share: bool) -> str:
    if share:
        return f"{100 * value:g}%"  # of the exercise's points
    return f"{value:g} point{'' if value == 1 else 's'}"


def dues(gradebook: Gradebook) -> dict[str, datetime.datetime]:
    """When each exercise is due that has a date, in UTC without a zone."""
    import sqlalchemy as sa
    from nbgrader import api

    query = sa.select(api.Assignment.name, api.Assignment.duedate)
    query = query.where(api.Assignment.duedate.is_not(None))
    return dict(gradebook.db.execute(query).all())


def everything(gradebook: Gradebook) -> dict[str, Any]:
    """The same for scripts."""
    from autograder.classroom import late

    known, there = dues(gradebook), begun(gradebook)
    found: dict[str, Any] = {}
    for word in course.assignments():
        due = known.get(word)
        more = late.extensions(gradebook, word, due)
        found[word] = {
            "due": due and due.isoformat() + "Z",
            "begun": word in there,
            **vars(late.rule(gradebook, word)),
            "extensions": {s: (due + m).isoformat() + "Z" for s, m in more.items()},
        }
    return {"exercises": found}
