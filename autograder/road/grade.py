"""`python -m autograder grade`: grade what was submitted for an exercise."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from autograder.classroom import course

ABOUT = "grade what was submitted"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment")
    parser.add_argument("--student", action="append", default=[], metavar="ID")
    parser.add_argument(
        "--force", action="store_true", help="grade again what is graded"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="default: one for each core"
    )
    parser.add_argument(
        "--feedback", action="store_true", help="write feedback pages too"
    )
    parser.add_argument(
        "--no-sandbox",
        action="store_true",
        help="DANGEROUS: submissions run with your rights and can read all you can",
    )


def run(options: argparse.Namespace) -> int:
    course.asked(options.assignment, options.student, options.jobs)
    from autograder.classroom import runner  # only now: what follows takes seconds

    runner.warm_up()  # while this process imports what it needs itself
    from autograder.classroom import grade, table

    if options.no_sandbox:
        os.environ["GPT_SANDBOX"] = "no"
        print(
            "WARNING: no sandbox. What these submissions run has your rights: it can "
            "read other submissions, the gradebook and your files, and use the network.",
            file=sys.stderr,
        )
    try:
        rows = grade.grade(
            options.assignment, options.student, options.force, options.jobs
        )
    except KeyboardInterrupt:
        print(
            "\nStopped. What is graded is in the gradebook; the same command goes on.",
            file=sys.stderr,
        )
        return 130
    if options.feedback:
        rows = grade.feedback(options.assignment, rows)
    width, encoding = shutil.get_terminal_size().columns, sys.stdout.encoding or "utf-8"
    print(table.table(options.assignment, rows, width, encoding))
    return 1 if any(row.status == table.INFRA for row in rows) else 0
