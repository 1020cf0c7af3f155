"""`python -m autograder report`: one page that shows how a class stands."""

from __future__ import annotations

import argparse
import datetime
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import course, interrupts
from autograder.road import waiting

if TYPE_CHECKING:
    from autograder.classroom.book import Standing
    from autograder.road.look.counts import Names, Who

ABOUT = "one page that shows how the class stands"
PRICE = 0.05  # dollars for an hour of one core, as clouds list it for small machines
CODE = 60  # lines of an example


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exercise", nargs="*", help="default: all that were handed in")
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="numbers in place of names, the same ones each time",
    )
    parser.add_argument(
        "--no-pairs",
        action="store_true",
        help="do not look for solutions that are alike",
    )
    parser.add_argument(
        "--price",
        type=float,
        default=PRICE,
        metavar="DOLLARS",
        help="of a core for an hour",
    )
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="default: in the class's folder"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write over a file that is not of this command",
    )
    parser.add_argument("--json", action="store_true", help="say it in JSON")


def run(options: argparse.Namespace) -> int:
    exercises = [course.exercise(name) for name in options.exercise]
    with interrupts.later():  # now, since they hold PyTorch
        from autograder.road.look import alike, counts, writing  # noqa: F401
        from autograder.verdict import bank  # noqa: F401
    from autograder.classroom import book
    from autograder.road import look
    from gpt.data import write_whole

    name = "report-anonymous.html" if options.anonymous else "report.html"
    to = options.to or course.class_folder() / name
    if not options.force and _is_theirs(to):
        raise ValueError(
            f"{to} is there, and is no report of this command: give another --to, or --force"
        )
    with book.opened() as gradebook:
        asked = exercises or course.assignments()
        every = {name: book.standings(gradebook, name) for name in asked}
    some = {n: s for n, s in every.items() if any(x.status != book.MISSING for x in s)}
    if not some:
        if more := waiting.hint(every):
            raise ValueError(
                f"nothing is graded yet in the class {course.class_name()!r}{more}"
            )
        raise ValueError(
            f"nothing was handed in yet in the class {course.class_name()!r}"
        )
    every = some
    text = page(every, options.anonymous, not options.no_pairs, options.price)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        write_whole(to, text.encode("utf-8", "replace"))
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}") from None
    everybody = [s for standings in every.values() for s in standings]
    infra = sum(s.status == book.INFRA for s in everybody)
    outdated = sum(bool(s.outdated) for s in everybody)
    about = {
        "class": course.class_name(),
        "file": str(to),
        "exercises": list(every),
        "infra": infra,
        "outdated": outdated,
        "bytes": to.stat().st_size,
    }
    if options.json:
        print(json.dumps(about, ensure_ascii=False))
    else:
        print(f"the report of {', '.join(every)} is in {to}")
        if infra:
            print(
                f"  {look.plural(infra, 'submission')} could not be graded: it says why"
            )
        if outdated:
            print(
                f"  {look.plural(outdated, 'submission')} {waiting.OLD}: it names them"
            )
    return 1 if infra or outdated else 0


def _is_theirs(to: Path) -> bool:
    """Whether a file is there that this command did not write."""
    from autograder.road import look

    try:
        with to.open("rb") as file:
            return look.MAKER.encode() not in file.read(4_000)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}") from None


def page(
    every: dict[str, list[Standing]], anonymous: bool, alike: bool, price: float
) -> str:
    """The report as text."""
    from autograder.road import look
    from autograder.road.look import counts

    who = counts.Who(_key() if anonymous else None)
    exercises = [
        _exercise(name, standings, who, alike) for name, standings in every.items()
    ]
    over = counts.overall(every, who)
    cpu = sum(x["cpu"] for x in exercises)
    counted = sum(s.cpu > 0 for standings in every.values() for s in standings)
    return (
        look.templates()
        .get_template("report.html")
        .render(
            klass=course.class_name(),
            made=datetime.datetime.now(datetime.UTC),
            anonymous=anonymous,
            people=over["people"],
            exercises=exercises,
            low=over["low"],
            low_more=over["low_more"],
            rows=over["rows"],
            more_rows=over["more"],
            cpu=_time(cpu),
            each=_time(cpu / counted if counted else 0.0),
            most=_time(max((x["cpu_most"] for x in exercises), default=0.0)),
            price=f"${price:g}",
            cost=_dollars(price * cpu / 3600),
        )
    )


def _exercise(
    name: str, standings: list[Standing], who: Who, alike: bool
) -> dict[str, Any]:
    from autograder.road.look import chart, counts, mistakes, writing
    from autograder.road.look import page as pages

    title, steps = pages.headings(course.solution(name))
    found = counts.facts(
        name, standings, steps, lambda check, m: mistakes.hint(name, check, m), who
    )
    found["title"] = title
    found["ungraded"] = _ungraded(name, standings, who)
    found["untimed"] = _untimed(name, standings, who)
    found["computing"] = _time(found["cpu"])
    found["chart"] = chart.columns(
        found["histogram"], "How many students have how many points"
    )
    for check in found["checks"]:
        check["bar"] = chart.bar(check["share"])
    for group in found["unnamed"]:
        s = group["example"]
        group["whose"], group["code"] = who(s), None
        if who.key is None:
            notebook = writing.notebook_of(name, s.student)
            group["code"] = pages.code_of(notebook, group["name"], CODE)
    found |= {"pairs": [], "same": []}
    if alike:
        found |= _alike(name, standings, who)
    return found


def _ungraded(name: str, standings: list[Standing], who: Who) -> Names:
    """Who has handed in and is not graded yet; of folders that is all that is known."""
    from autograder.classroom.book import MISSING, Standing
    from autograder.road.look import counts

    found = (Standing(s, MISSING) for s in waiting.never_graded(name, standings))
    return counts.names(found, who)


def _untimed(name: str, standings: list[Standing], who: Who) -> Names:
    """Of whom nobody knows when they handed in, graded or not."""
    from autograder.classroom.book import MISSING, Standing
    from autograder.road.look import counts

    new, is_due = waiting.to_grade(name, standings), any(s.due for s in standings)
    known = {s.student: s for s in standings}
    found = waiting.untimed(name, standings, new, is_due)
    return counts.names((known.get(s) or Standing(s, MISSING) for s in found), who)


def _alike(name: str, standings: list[Standing], who: Who) -> dict[str, Any]:
    """Pairs and groups of solutions that are much alike."""
    from autograder.road.look import alike, counts, writing

    released = course.root() / "exercises" / name / f"{name}.ipynb"
    if not released.exists():
        return {}
    by_name = {s.student: s for s in standings if s.total is not None}
    notebooks = {student: writing.notebook_of(name, student) for student in by_name}
    given = alike.given(released, course.solution(name))
    found, same = alike.pairs(notebooks, given, len(os.sched_getaffinity(0)))
    shown = [
        {
            "near": pair.near,
            **dict(
                zip(
                    ("one", "other"),
                    sorted(who(by_name[x]) for x in (pair.one, pair.other)),
                    strict=True,
                )
            ),
        }
        for pair in found
    ]
    groups = [counts.names((by_name[x] for x in group), who) for group in same]
    return {"pairs": shown, "same": groups[: alike.PAIRS]}


def _key() -> bytes:
    """What numbers in place of names are made with: the class's own secret."""
    from autograder.verdict.secret import hidden_seed

    return hidden_seed(course.class_folder() / "seed", "report --anonymous")


def _dollars(cost: float) -> str:
    return "less than a cent" if 0 < cost < 0.01 else f"${cost:,.2f}"


def _time(seconds: float) -> str:
    from autograder.road import look

    if seconds < 60:
        return f"{seconds:.1f} s"
    return look.span(datetime.timedelta(seconds=seconds))
