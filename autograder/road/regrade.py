"""`python -m autograder regrade`: grade again what is graded, and tell what moves.

Points and comments that a person gave stay. With `--dry-run` the same is computed and
told, and nothing is written.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys

from autograder.classroom import course
from autograder.road import grade as asks

ABOUT = "grade again after a change: whose grade moves, by how much, why (--dry-run)"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", metavar="exercise")
    asks.more(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would move; write nothing"
    )
    parser.add_argument("--json", action="store_true", help="the same for a script")


def run(options: argparse.Namespace) -> int:
    asks.begin(options)
    from autograder.classroom import interrupts

    try:
        with interrupts.later():
            from autograder.classroom import again, grade

        done = grade.graded(
            options.assignment,
            options.student,
            options.force,
            options.jobs,
            options.scheduler,
            dry=options.dry_run,
            again=True,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        return asks.stopped()
    failed = sorted({*done.problems} & {*done.reasons})
    if options.json:
        found = {
            "assignment": options.assignment,
            "dry_run": options.dry_run,
            "graded_again": done.reasons,
            "moved": [dataclasses.asdict(move) for move in done.moved],
            "not_graded_before": list(done.new),
            "outdated": [] if options.dry_run else list(done.outdated),
            "failed": {student: done.problems[student] for student in failed},
        }
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 1 if failed or found["outdated"] else 0
    word = options.assignment
    more = f"{word} --class {shlex.quote(course.class_name())}"
    if not done.reasons:
        print(
            f"{word}: nothing that decides a grade has changed (--force does it anyway)"
        )
    elif not done.moved:
        verb = "would move" if options.dry_run else "has moved"
        print(f"{word}: {len(done.reasons):,} graded again, and no grade {verb}")
    else:
        print(*again.told(done.moved, would=options.dry_run), sep="\n")
    if options.dry_run and done.reasons:
        print(f"nothing was written; next: python -m autograder regrade {more}")
    if done.new:
        print(
            f"{len(done.new):,} not graded before: `python -m autograder grade {more}`"
        )
    for student in failed:
        print(f"INFRA {student}: {done.problems[student]}")
    is_odd = not options.dry_run and asks.tell_outdated(done.outdated, word)
    return 1 if failed or is_odd else 0
