"""`python -m autograder grade`: grade what was submitted for an exercise."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence

from autograder.classroom import course
from autograder.road import waiting
from autograder.road.handout import pin

ABOUT = "grade what was submitted"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", metavar="exercise")
    more(parser)
    parser.add_argument(
        "--feedback", action="store_true", help="write feedback pages too"
    )


def more(parser: argparse.ArgumentParser) -> None:
    """What grading and regrading can be told alike."""
    parser.add_argument(
        "--student",
        action="append",
        default=[],
        metavar="ID",
        help="only this one's, by the name of the folder; may be given several times",
    )
    parser.add_argument(
        "--force", action="store_true", help="grade again what is graded"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="default: one for each core"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="grade on the Dask cluster whose scheduler that is, as tcp://HOST:8786",
    )
    parser.add_argument(
        "--no-sandbox",
        action="store_true",
        help="DANGEROUS: submissions run with your rights and can read all you can",
    )


def begin(options: argparse.Namespace) -> None:
    """Check what was asked, and let start meanwhile what takes time to import."""
    course.asked(options.assignment, options.student, options.jobs)
    from autograder.classroom import runner

    if not options.scheduler:
        runner.warm_up()  # while this process imports what it needs itself
    if options.no_sandbox:
        os.environ["GPT_SANDBOX"] = "no"
        print(
            "WARNING: no sandbox. What these submissions run has your rights: it can "
            "read other submissions, the gradebook and your files, and use the network.",
            file=sys.stderr,
        )


def stopped() -> int:
    print(
        "\nStopped. What is graded is in the gradebook; the same command goes on.",
        file=sys.stderr,
    )
    return 130


def run(options: argparse.Namespace) -> int:
    pin.guard(options.assignment)
    begin(options)
    from autograder.classroom import interrupts

    try:
        with interrupts.later():
            from autograder.classroom import again, grade, table
            from autograder.road import feedback

        done = grade.graded(
            options.assignment,
            options.student,
            options.force,
            options.jobs,
            options.scheduler,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        return stopped()
    rows = done.rows
    if options.feedback:
        rows = feedback.after(options.assignment, rows)
    width, encoding = shutil.get_terminal_size().columns, sys.stdout.encoding or "utf-8"
    print(table.table(options.assignment, rows, width, encoding))
    if moves := again.told(done.moved):
        print("", *moves, sep="\n")
    is_odd = tell_outdated(done.outdated, options.assignment)
    return 1 if is_odd or any(row.status == table.INFRA for row in rows) else 0


def tell_outdated(students: Sequence[str], word: str) -> bool:
    """Say who else was graded before the exercise changed; whether there is anybody."""
    if students:
        more = f"grade {word} --class {shlex.quote(course.class_name())}"
        who = f"\n{len(students):,} more {waiting.OLD}"
        print(f"{who}: `python -m autograder {more}` grades them again")
    return bool(students)
