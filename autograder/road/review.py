"""`python -m autograder review`: what a person should look at, and where to click."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from autograder.classroom import course, hands, names
from autograder.road import waiting

ABOUT = "what a person should look at, and where to click"
MOST = 40  # that a terminal shows; --json has all
HOW = (
    "To look at one: `jupyter lab` with GPT_CLASS={name}, then its address with "
    "/formgrader/submissions/… behind it (or Nbgrader > Formgrader > Manual Grading). The "
    "flags stand above the notebook. Type the points you find right, or the same ones, in whatever cell: "
    "then it is confirmed, and no longer listed here."
)
UNTIMED = f"no time known, so it counts as in time: {waiting.TIMES}, and grade again"
OUTDATED = f"{waiting.OLD} ({{}}): `grade {{}}` grades it again"

WHYS = {  # why points wait: see `hands`
    hands.EARLIER: "points by hand ({}) were given to an earlier hand-in: still right?",
    hands.CHECK: "points by hand ({}), and the check says something else since: still right?",
    hands.NONE: "waits for points by hand: {}",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "assignment", nargs="*", metavar="exercise", help="default: all"
    )
    parser.add_argument("--json", action="store_true", help="the same for a script")


def run(options: argparse.Namespace) -> int:
    chosen = [course.exercise(name) for name in options.assignment]
    from autograder.classroom import book

    found, every = [], {}
    with book.opened() as gradebook:
        for word in chosen or course.assignments():
            found += of(gradebook, word)
            every[word] = book.standings(gradebook, word)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(
            *_lines(found, waiting.hint(every), shutil.get_terminal_size().columns),
            sep="\n",
        )
    return 1 if found else 0


def of(gradebook: Any, word: str) -> list[dict[str, Any]]:
    """What waits for a person in an exercise: of each, who, why, and where it is seen."""
    from autograder.classroom import book

    found, quiet = [], {UNTIMED}
    for standing in book.standings(gradebook, word):
        whys = []
        if standing.status == book.INFRA:
            whys += [f"could not be graded: {flag}" for flag in standing.flags]
        elif standing.asks:
            whys += standing.flags
        if standing.outdated:
            whys.append(OUTDATED.format(standing.outdated, word))
            quiet.add(whys[-1])
        if standing.untimed:
            whys.append(UNTIMED)
        for why, words in WHYS.items():
            which = [n for n, c in standing.checks.items() if c.waits == why]
            if which:
                whys.append(words.format(", ".join(which)))
        if whys:
            found.append(
                {
                    "exercise": word,
                    "student": names.shown(standing.student),
                    "status": standing.status,
                    "points": standing.total,
                    "possible": standing.possible,
                    "why": whys,
                    "do": _do(word, standing.student, standing.flags),
                    "at": f"/formgrader/submissions/{standing.notebook}"
                    if standing.notebook
                    else None,
                }
            )
    found.sort(key=lambda row: {*row["why"]} <= quiet)  # what is odder goes first
    known = {row["student"] for row in found}
    for student in course.students_in(course.class_folder() / "submitted", word):
        if (why := names.problem(student)) and student not in known:
            found.append(
                {
                    "exercise": word,
                    "student": names.shown(student),
                    "status": book.INFRA,
                    "points": None,
                    "possible": None,
                    "why": [why],
                    "do": [],
                    "at": None,
                }
            )
    return found


def _do(word: str, student: str, flags: Sequence[str]) -> list[str]:
    """What has the other notebook graded, where there are two or it is another's."""
    place = course.class_folder() / "submitted" / student / word
    own, aside = f"{word}.ipynb", f"{word}-other.ipynb"
    told, klass, who = [], shlex.quote(course.class_name()), shlex.quote(student)
    for flag in flags:
        if found := re.fullmatch(r"(.+) was not graded: it differs from .*", flag):
            other = found[1]
            if not ((place / other).is_file() and str(place / other).isprintable()):
                continue
            inside = place
            if place.is_relative_to(course.root()):
                inside = place.relative_to(course.root())
            file = shlex.quote(other)
            aside = f"{word}-first.ipynb" if other == aside else aside
            told += [
                f"to have {other} graded in its place, swap the names and grade again:",
                f"  (cd {shlex.quote(str(inside))} &&",
                f"   mv -n {own} {aside} && mv -n {file} {own})",
                f"  python -m autograder grade {word} --class {klass} --student {who}",
            ]
        elif found := re.search(r"looks like (\w+), another exercise", flag):
            told += [
                f"if it was meant as {found[1]}: the same zip with",
                f"  python -m autograder collect {found[1]} ZIP --class {klass}",
            ]
    return told


def _lines(found: list[dict[str, Any]], new: str, width: int) -> list[str]:
    from autograder.verdict.points import number

    if not found:
        return [f"nothing waits for a person{new}"]
    lines = [f"{len(found):,} to look at", ""]
    for row in found[:MOST]:
        points = row["points"]
        of = "no grade"
        if points is not None:
            of = f"{number(points)} of {number(row['possible'])}"
        lines.append(f"  {row['exercise']}  {row['student']}  {row['status']}  {of}")
        for why in row["why"][:4]:
            lines += textwrap.wrap(
                names.shown(why),
                width - 6,
                initial_indent=" " * 6,
                subsequent_indent=" " * 8,
            )[:3]
        if len(row["why"]) > 4:
            lines.append(f"      … and {len(row['why']) - 4} more")
        lines += [f"      {names.shown(line)}" for line in row["do"][:8]]
        if row["at"]:
            lines.append(f"      {row['at']}")
    if len(found) > MOST:
        lines.append(f"  … and {len(found) - MOST:,} more (--json has all)")
    how = HOW.format(name=course.class_name())
    return [*lines, "", *textwrap.wrap(how, width)]
