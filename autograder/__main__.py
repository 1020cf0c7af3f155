"""The autograder's commands. `python -m autograder --help` lists them."""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from autograder.classroom import course


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 where it did what it was asked."""
    parser = argparse.ArgumentParser(prog="python -m autograder")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("progress", help="what a student has done so far")
    one.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="a folder, or an exercise; default: here, else exercises/",
    )
    one = commands.add_parser("bank", help="write the public references")
    one.add_argument("assignment", nargs="*", help="default: all")
    one = commands.add_parser("exercises", help="regenerate exercises/ from solutions/")
    one.add_argument("assignment", nargs="*", help="default: all")
    one = commands.add_parser("demo", help="lay out the bundled demo class")
    one = commands.add_parser("grade", help="grade what was submitted")
    one.add_argument("assignment")
    one.add_argument("--student", action="append", default=[], metavar="ID")
    one.add_argument("--force", action="store_true", help="grade again what is graded")
    one.add_argument("--jobs", type=int, metavar="N", help="default: one for each core")
    one.add_argument("--class", dest="klass", metavar="NAME", help="default: demo")
    one.add_argument("--feedback", action="store_true", help="write feedback pages too")
    one.add_argument(
        "--no-sandbox",
        action="store_true",
        help="DANGEROUS: submissions run with your rights and can read all you can",
    )
    one = commands.add_parser(
        "sandbox", help="whether submissions can be boxed in here"
    )

    options = parser.parse_args(argv)
    for stream in sys.stdout, sys.stderr:  # a pipe on Windows has no blocks, nor 李
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _COMMANDS[options.command](options)
    except ValueError as error:
        print(f"autograder {options.command}: {error}", file=sys.stderr)
        return 2


def _progress(options: argparse.Namespace) -> int:
    from autograder import progress

    folder = options.folder or Path.cwd()
    try:
        root = course.root()
    except ValueError:  # the exercises have travelled alone
        root = Path.cwd()
    exercises = root / "exercises"
    if not options.folder and not progress.find(folder):
        folder = exercises
    elif options.folder and not folder.exists():
        folder = exercises / folder.name.removesuffix(".ipynb")  # its name will do
    elif folder.is_file():
        folder = folder.parent
    if progress.find(folder):
        print(f"Running the notebooks in {folder} as they were last saved …\n")
    for row in progress.progress(folder, cache=root / progress.CACHE):
        print(progress.table(row), end="\n\n", flush=True)
    return 0


def _bank(options: argparse.Namespace) -> int:
    chosen = [course.exercise(name) for name in options.assignment]
    from autograder.verdict import bank

    for assignment in chosen or course.assignments():
        path = bank.write(assignment, course.root() / "solutions" / assignment)
        print(
            f"wrote {path.relative_to(course.root())} ({path.stat().st_size:,} bytes)"
        )
    return 0


def _exercises(options: argparse.Namespace) -> int:
    chosen = [course.exercise(name) for name in options.assignment]
    # A class's gradebook refuses cells that are new; what is released has none yet.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GPT_GRADEBOOK"] = f"sqlite:///{folder}/gradebook.db"
        api = course.api()
        for assignment in chosen or course.assignments():
            result = api.generate_assignment(assignment, force=True, create=True)
            if not result["success"]:
                print(result.get("log") or result["error"], file=sys.stderr)
                return 1
            print(f"generated exercises/{assignment}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from autograder.classroom import demo

    os.environ["GPT_CLASS"] = "demo"
    released = course.root() / "solutions" / "tokenize" / "tokenize.ipynb"
    version = hashlib.sha256(released.read_bytes()).hexdigest()
    mark = course.class_folder() / "version"
    if not mark.exists() or mark.read_text() != version:
        shutil.rmtree(course.class_folder(), ignore_errors=True)  # of another notebook
    written = demo.write(course.class_folder() / "submitted")
    mark.write_text(version)
    print(f"the demo class: {written} submissions in {course.class_folder()}")
    return 0


def _grade(options: argparse.Namespace) -> int:
    if options.klass is not None:
        os.environ["GPT_CLASS"] = options.klass
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


def _sandbox(options: argparse.Namespace) -> int:
    from autograder.box import sandbox

    problem = sandbox.why_not()
    print(problem or "the sandbox works here")
    return 1 if problem else 0


_COMMANDS = {
    "progress": _progress,
    "bank": _bank,
    "exercises": _exercises,
    "demo": _demo,
    "grade": _grade,
    "sandbox": _sandbox,
}

if __name__ == "__main__":
    sys.exit(main())
