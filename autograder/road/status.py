"""`python -m autograder status`: where a class stands, and what comes next."""

from __future__ import annotations

import argparse
import collections
import json
import shlex
import textwrap
from typing import Any

from autograder.classroom import course, names
from autograder.road import waiting as waits

ABOUT = "where the class stands, and what comes next"
COLUMNS = {  # of the table: what is counted, and its heading
    "submitted": "handed in",
    "missing": "missing",
    "to_grade": "to grade",
    "graded": "graded",
    "flagged": "flagged",
    "infra": "INFRA",
    "to_review": "to review",
    "late": "late",
    "feedback": "feedback",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignment", nargs="*", metavar="exercise", help="default: all that have begun"
    )
    parser.add_argument("--json", action="store_true", help="the same for a script")


def run(options: argparse.Namespace) -> int:
    chosen = [course.exercise(name) for name in options.assignment]
    from autograder.classroom import book

    with book.opened() as gradebook:
        roster = _roster(gradebook)
        known = _known(gradebook)
        every = [
            of(gradebook, word, roster, word in known)
            for word in chosen or course.assignments()
        ]
    shown = [row for row in every if chosen or row["begun"]]
    if options.json:
        found = {
            "class": course.class_name(),
            "roster": len(roster),
            "exercises": shown,
        }
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(*_table(shown, len(roster)), sep="\n")
    needs = ("infra", "to_review", "untimed", "outdated")
    return 1 if any(row[what] for row in shown for what in needs) else 0


def of(
    gradebook: Any, word: str, roster: set[str], announced: bool = True
) -> dict[str, Any]:
    """How an exercise stands: numbers of students, when it is due, the next step.

    Late is who was late by more than the grace.
    """
    from autograder.classroom import book
    from autograder.road import dues

    folder = course.class_folder()
    submitted = {*course.students_in(folder / "submitted", word)}
    standings = []
    if announced or submitted:  # else nobody has to do with it yet
        standings = book.standings(gradebook, word)
    count = collections.Counter(standing.status for standing in standings)
    graded = {s.student for s in standings if s.status in (book.GRADED, book.FLAGGED)}
    due = dues.dues(gradebook).get(word)
    due = min((s.due for s in standings if s.due), default=due)  # no extension's
    waiting = waits.to_grade(word, standings)
    failed = {s.student for s in standings if s.status == book.INFRA}
    failed |= {student for student in submitted if names.problem(student)}
    pages = {*course.students_in(folder / "feedback", word)}
    found = {
        "exercise": word,
        "begun": bool(submitted or graded or failed or due),
        "released": (course.root() / "exercises" / word / f"{word}.ipynb").exists(),
        "due": f"{due:%Y-%m-%d %H:%M} UTC" if due else None,
        "submitted": len(submitted | graded),
        "missing": len(roster - submitted - graded),
        "off_roster": len(submitted - roster) if roster else 0,
        "to_grade": len(waiting),
        "graded": len(graded),
        "flagged": count[book.FLAGGED],
        "infra": len(failed),
        "to_review": len([s for s in standings if s.needs_manual]),
        "untimed": len(waits.untimed(word, standings, waiting, due is not None)),
        "outdated": len([s for s in standings if s.outdated]),
        "late": len([s for s in standings if s.is_late]),
        "feedback": len(pages & graded),
    }
    found["next"] = _next(found)
    return found


def _roster(gradebook: Any) -> set[str]:
    """Who is on the roster; empty where there is none."""
    import sqlalchemy as sa

    from autograder.classroom import book

    return {*gradebook.db.execute(sa.select(book.PERSON.c.student)).scalars()}


def _known(gradebook: Any) -> set[str]:
    import sqlalchemy as sa
    from nbgrader.api import Assignment

    return {*gradebook.db.execute(sa.select(Assignment.name)).scalars()}


def _next(row: dict[str, Any]) -> str:
    """The command that comes next, and why."""
    word, do = row["exercise"], "python -m autograder"
    if row["to_grade"]:
        return f"{do} grade {word}"
    if row["infra"]:
        return f"{do} review {word}  (says what to mend), then grade {word}"
    if row["to_review"]:
        return f"{do} review {word}"
    if not row["graded"]:
        return (
            f"{do} collect {word} FILE" if row["released"] else f"{do} release {word}"
        )
    if row["feedback"] < row["graded"]:
        return f"{do} feedback {word}"
    return f"{do} export {word}"


def _table(rows: list[dict[str, Any]], roster: int) -> list[str]:
    """A line for each exercise, then the next step of each; 80 columns."""
    on = f"{roster:,} on the roster" if roster else "no roster yet"
    if not rows:
        is_released = (course.class_folder() / "handout").is_dir()
        begun = "nothing was handed in yet" if is_released else "nothing has begun"
        then = "collect FILE" if roster else "roster FILE.csv"
        if not is_released:
            then = f"release EXERCISE, or {then}"
        return [f"{on}; {begun}", f"next: python -m autograder {then}{_of_class()}"]
    heads = [head.split(" ") for head in COLUMNS.values()]
    widths = [max(6, *map(len, head)) for head in heads]
    first = max(len("exercise"), *(len(row["exercise"]) for row in rows))
    lines = [on, ""]
    for i in range(2):
        words = [
            head[i - 2 + len(head)] if i - 2 + len(head) >= 0 else "" for head in heads
        ]
        begin = ("", "exercise")[i].ljust(first)
        cells = (word.rjust(w) for word, w in zip(words, widths, strict=True))
        lines.append(f"  {begin} {' '.join(cells)}".rstrip())
    for row in rows:
        numbers = [f"{row[name]:,}" if row[name] else "·" for name in COLUMNS]
        cells = (n.rjust(w) for n, w in zip(numbers, widths, strict=True))
        lines.append(f"  {row['exercise'].ljust(first)} {' '.join(cells)}")
    lines.append("")
    for row in rows:
        if row["off_roster"]:
            lines.append(f"  {row['exercise']}: {row['off_roster']:,} on no roster")
        if row["outdated"]:
            told = f"{row['outdated']:,} {waits.OLD}: `grade` grades them again"
            lines.append(f"  {row['exercise']}: {told}")
        if row["untimed"]:
            told = f"{row['untimed']:,} with no time known, which counts as in time"
            told = f"  {row['exercise']}: {told}: {waits.TIMES}"
            lines += textwrap.wrap(told, 80, subsequent_indent=" " * 6)
    for row in rows:
        due = f" (due {row['due']})" if row["due"] else ""
        word = row["exercise"]
        do = row["next"].replace(f" {word}", f" {word}{_of_class()}", 1)
        lines += [f"  {word}{due}, next:", f"      {do}"]
    return lines


def _of_class() -> str:
    return f" --class {shlex.quote(course.class_name())}"
