"""`python -m autograder due`: due dates, what a late day costs, and extensions."""

from __future__ import annotations

import argparse
import datetime
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, names
from autograder.road import dues

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.classroom.book import Standing
    from autograder.road.times import Clock

ABOUT = "due dates, late penalties and extensions"
ALL = "all"
SHOWN = 40  # students whose total changed; the rest is counted


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "exercise", nargs="?", help=f"or '{ALL}'; without it, everything is shown"
    )
    parser.add_argument(
        "date",
        nargs="*",
        help="2026-11-20 23:59, with a zone after it if it is not --zone's; "
        "a day alone means its last minute; 'none' takes the date away",
    )
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="of the dates that are given and shown, as Europe/Berlin; "
        "default: this machine's",
    )
    parser.add_argument(
        "--per-day",
        metavar="N",
        help="what each day that has begun costs: '10%%' of the exercise's points, or "
        "'2' points; 'none'",
    )
    parser.add_argument(
        "--cap", metavar="N", help="the most that is taken off: '50%%', '8', 'none'"
    )
    parser.add_argument(
        "--grace", metavar="TIME", help="so late costs nothing: '30m', '2h', 'none'"
    )
    parser.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="ID",
        help="an extension for this student: with --days or --until",
    )
    parser.add_argument(
        "--days", metavar="N", help="so many days more; 'none' takes them back"
    )
    parser.add_argument("--until", metavar="DATE", help="a date of their own")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    from autograder.road import times

    name, clock = course.class_name(), times.Clock(options.zone)
    exercise = options.exercise
    if exercise is not None and exercise != ALL:
        course.exercise(exercise)
    change = _asked(options, clock)
    if change and exercise is None:
        raise ValueError(f"for which exercise? Name one, or '{ALL}'")
    from autograder.classroom import book

    with book.opened() as gradebook:
        if not change:
            return dues.show(options, name, clock, gradebook)
        return _change(options, name, clock, gradebook, change)


def _asked(options: argparse.Namespace, clock: Clock) -> dict[str, Any]:
    """What is to be changed, checked. ValueError where that makes no sense."""
    from autograder.road import times

    found: dict[str, Any] = {}
    if options.date:
        if options.exercise == ALL:
            raise ValueError("a due date is one exercise's: name the exercise")
        date = " ".join(options.date)
        found["due"] = None if date == "none" else clock.read(date)
    if options.per_day is not None:
        found["per_day"] = times.amount(options.per_day, "--per-day")
    if options.cap is not None:
        found["cap"] = times.amount(options.cap, "--cap")
    if options.grace is not None:
        none = options.grace == "none"
        found["grace"] = 0 if none else times.seconds(options.grace, "--grace")
    given = [x for x in (options.days, options.until) if x is not None]
    if bool(given) != bool(options.student) or len(given) > 1:
        raise ValueError("an extension needs --student ID and --days N or --until DATE")
    if options.days is not None:
        found["days"] = None
        if options.days != "none":
            found["days"] = times.days(options.days, "--days")
            found["zone"] = clock.key
    if options.until is not None:
        if options.exercise == ALL:
            raise ValueError("--until is one exercise's: name the exercise")
        found["until"] = clock.read(options.until)
    return found


def _change(
    options: argparse.Namespace,
    name: str,
    clock: Clock,
    gradebook: Gradebook,
    change: dict[str, Any],
) -> int:
    from autograder.classroom import book, late

    one = options.exercise
    students = _students(gradebook, options.student)
    concerned = course.assignments() if one == ALL else [one]
    before = {w: book.standings(gradebook, w) for w in concerned}
    try:
        _keep(gradebook, late.EVERY if one == ALL else one, students, change)
        whom = None if change.keys() & {"due", "per_day", "cap", "grace"} else students
        back = students if change.get("days", 0) is None else ()
        for word in concerned:
            late.settle(gradebook, word, whom, back)
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise
    moved = [
        (word, old, new)
        for word in concerned
        for old, new in _moved(before[word], book.standings(gradebook, word))
    ]
    if options.json:
        told = [
            {"exercise": w, "student": n.student, "before": o.total, "after": n.total}
            for w, o, n in moved
        ]
        told = {**dues.everything(gradebook), "changed": told}
        print(json.dumps({"class": name, **told}, ensure_ascii=False, indent=1))
        return 0
    _say(options, name, clock, gradebook, students)
    if not moved:
        print("\n  No student's total changed.")
        return 0
    print(f"\n  {len(moved):,} total{'s'[: len(moved) > 1]} changed, no code was run:")
    from autograder.road.text import columns

    rows = [
        (w, n.student, n.name, f"{o.total:.2f} → {n.total:.2f}", _lateness(n))
        for w, o, n in moved[:SHOWN]
    ]
    print("\n".join(f"    {line}" for line in columns(rows, indent=4)))
    if len(moved) > SHOWN:
        print(f"    … and {len(moved) - SHOWN:,} more (--json lists all)")
    return 0


def _students(gradebook: Gradebook, asked: list[str]) -> list[str]:
    """The students, who must be on the roster or in the gradebook."""
    from autograder.road.desk import people

    directory = people.Directory(people.load(gradebook))
    there = {*directory.people, *(people.strangers(gradebook) if asked else ())}
    for student in asked:
        if student not in there:
            found = directory.any(student) or directory.by("name", student)
            near = sorted(found) or [*filter(None, [directory.near(student)])]
            told = ", or ".join(map(names.shown, near[:4]))
            hint = f": did you mean {told}?" if near else ""
            raise ValueError(f"no student has the id '{names.shown(student)}'{hint}")
    return list(dict.fromkeys(asked))


def _keep(
    gradebook: Gradebook, word: str, students: list[str], change: dict[str, Any]
) -> None:
    """Write down what was asked, within the caller's transaction."""
    from nbgrader import api

    from autograder.classroom import late

    known = None
    if word != late.EVERY:
        query = gradebook.db.query(api.Assignment).filter_by(name=word)
        known = query.one_or_none()
        if known is None and "due" in change:  # before its first submission
            known = api.Assignment(name=word, course_id=gradebook.course_id)
            gradebook.db.add(known)
    if "due" in change and known is not None:
        known.duedate = change["due"]
        gradebook.db.flush()
    rule = late.rule(gradebook, word)
    new = rule
    if "per_day" in change:
        value, share = change["per_day"] or (0.0, True)
        new = replace(new, per_day=value, is_share=share)
    if "cap" in change:
        value, share = change["cap"] or (None, True)
        new = replace(new, cap=value, cap_is_share=share)
    if "grace" in change:
        new = replace(new, grace=change["grace"])
    if change.keys() & {"per_day", "cap", "grace"}:
        late.set_rule(gradebook, word, new)
    if change.keys() & {"days", "until"}:
        days = change.get("days")
        more = None if days is None else datetime.timedelta(seconds=days)
        zone, until = change.get("zone", ""), change.get("until")
        if days:
            _may_end(gradebook, word, days)
        for student in students:
            late.set_extension(gradebook, word, student, more, until, zone)


def _may_end(gradebook: Gradebook, word: str, seconds: int) -> None:
    """ValueError where an extension would end beyond all dates."""
    from autograder.classroom import late
    from autograder.classroom.extensions import LAST

    known, more = dues.dues(gradebook), datetime.timedelta(seconds=seconds)
    for name in known if word == late.EVERY else {word} & {*known}:
        if known[name] > LAST - more:
            told = f"{seconds / 86400:g} days after {name} is due"
            raise ValueError(f"--days: {told} is beyond {LAST:%Y}")


def _moved(
    before: list[Standing], after: list[Standing]
) -> list[tuple[Standing, Standing]]:
    """Those whose total is another one now."""
    old = {standing.student: standing for standing in before}
    return [
        (old[new.student], new)
        for new in after
        if new.total is not None and old[new.student].total != new.total
    ]


def _lateness(standing: Standing) -> str:
    from autograder.road.times import span

    return f"{span(standing.late)} late" if standing.late else "in time"


def _say(
    options: argparse.Namespace,
    name: str,
    clock: Clock,
    gradebook: Gradebook,
    students: list[str],
) -> None:
    """What holds now for the exercise that was asked about."""
    from autograder.classroom import late

    one = options.exercise
    print(f"{name} · {'all exercises' if one == ALL else one}\n")
    due = None
    if one != ALL:
        due = dues.dues(gradebook).get(one)
        print(f"  due        {clock.show(due)}")
    print(f"  late       {dues.words(late.rule(gradebook, '' if one == ALL else one))}")
    if one == ALL:
        own = sorted({*late.rules(gradebook)} - {late.EVERY}, key=course.place)
        if own:
            print(f"             but {', '.join(own)}: by a rule of their own")
        for student in students:
            days = "none" if options.days == "none" else f"{options.days} days"
            print(f"  extension  {names.shown(student)}: {days} in every exercise")
        return
    more = late.extensions(gradebook, one, due)
    for student in students:
        told = "none"
        if student in more:
            told = clock.show(due + more[student])
        elif due is None:
            told = "kept, and holds as soon as there is a due date"
        print(f"  extension  {names.shown(student)}: {told}")
