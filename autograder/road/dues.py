"""What is due when, and what a late day costs: as it is kept, in words and for scripts."""

from __future__ import annotations

import argparse
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
    words_ = course.assignments() if wanted in (None, "all") else [wanted]
    print(f"{name} · times are {clock.name}\n")
    rows, own = [("exercise", "due", "late")], []
    for word in words_:
        due = known.get(word)
        shown = clock.short(due)
        rows.append((word, shown, words(late.rule(gradebook, word)) if due else ""))
        more = late.extensions(gradebook, word, due)
        own += [(word, s, clock.short(due + m)) for s, m in sorted(more.items()) if m]
    print("\n".join(f"  {line}" for line in columns(rows)))
    if own:
        print("\n  extensions")
        print("\n".join(f"    {line}" for line in columns(own, indent=4)))
    if not known:
        first = course.assignments()[0]
        print(
            f"\nNext: python -m autograder due {first} '2026-11-20 23:59' "
            f"--per-day 10% --class {shlex.quote(name)}"
        )
    return 0


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

    known = dues(gradebook)
    found: dict[str, Any] = {}
    for word in course.assignments():
        due = known.get(word)
        more = late.extensions(gradebook, word, due)
        found[word] = {
            "due": due and due.isoformat() + "Z",
            **vars(late.rule(gradebook, word)),
            "extensions": {s: (due + m).isoformat() + "Z" for s, m in more.items()},
        }
    return {"exercises": found}
