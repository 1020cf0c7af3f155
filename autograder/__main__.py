"""The autograder's commands. `python -m autograder --help` lists them."""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType as Module

from autograder.classroom import address, course, trouble
from autograder.road import times

# What an instructor does with a class, in the order of a term: a module of the road each.
ROAD = {
    "release": "make a class, and the folder that its students get",
    "demo": "lay out a class to try it on",
    "roster": "read the students from a CSV of the LMS, or show them",
    "collect": "take in what was submitted, from the LMS's zip or a folder",
    "due": "due dates, late penalties and extensions",
    "grade": "grade what was submitted",
    "review": "what a person should look at, and where to click",
    "regrade": "grade again after a change; --dry-run tells whose grade would move",
    "feedback": "write a page for each student, and pack them for the LMS",
    "report": "one page that shows how the class stands",
    "export": "the grades as a file for Canvas, Moodle or a spreadsheet",
    "status": "where the class stands, and what comes next",
    "upgrade": "what a newer course would change in a class",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 where it did what it was asked.

    1: it did, and something needs a person; 2: it did not; 130: it was stopped.
    """
    argv = sys.argv[1:] if argv is None else argv
    for stream in sys.stdout, sys.stderr:  # a pipe on Windows has no blocks, nor 李
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asked, module = argv[0] if argv else "", None
    try:
        if asked in ROAD:  # only that one is imported
            module = importlib.import_module(f"autograder.road.{asked}")
        return _run(argv, asked, module)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # who read it has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - told in a sentence
        return trouble.told(asked, error, _class_folder() if module else None)


def _run(argv: list[str], asked: str, module: Module | None) -> int:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m autograder")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    known = [*ROAD, *_DOORS]
    if asked and not asked.startswith("-") and asked not in known:
        near = difflib.get_close_matches(asked, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        print(f"autograder: no command {asked!r}; {hint}", file=sys.stderr)
        return 2
    for word, about in ROAD.items():
        one = commands.add_parser(word, help=about)
        if module and word == asked:
            module.arguments(one)
            about = "the class that is meant; default: what GPT_CLASS names"
            one.add_argument("--class", dest="klass", metavar="NAME", help=about)
            one.add_argument("--db", metavar="URL", help=address.HELP)
    for word, (about, arguments, _) in _DOORS.items():
        arguments(commands.add_parser(word, help=about))
    words = times.joined(argv)
    options, more = parser.parse_known_args(words)
    if hasattr(module, "behind"):
        more = module.behind(options, more)
    if more:
        odd = ", ".join(map(repr, more))
        before = words[: words.index(more[0])] if more[0] in words else []
        behind = not more[0].startswith("-") and any(w.startswith("-") for w in before)
        hint = "; what has no --name of its own stands before all that have one"
        told = f"there is no place for {odd}{hint * behind}"
        print(f"autograder {asked}: {told} (--help lists all)", file=sys.stderr)
        return 2
    return _walk(module, options) if module else _DOORS[options.command][2](options)


def _walk(module: Module, options: argparse.Namespace) -> int:
    """One command of the road, on the class that is named.

    A module says by `CLASS` whether it needs a class that is "there" (as most do), may
    make a "new" one, can do with "none", or sees to that on its "own".
    """
    if options.klass is not None:
        course.use(options.klass)
    if options.db:
        os.environ[address.VARIABLE] = options.db
    needs = getattr(module, "CLASS", "there")
    if needs == "there":
        course.class_folder()
    if needs != "own" and (needs != "none" or course.has_class()):
        print(f"class {course.class_name()}", file=sys.stderr)
    return module.run(options)


def _class_folder() -> Path | None:
    try:
        return course.class_folder()
    except ValueError:
        return None


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="a folder, or an exercise; default: here, else exercises/",
    )


def _some(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("assignment", nargs="*", help="default: all")


def _progress(options: argparse.Namespace) -> int:
    from autograder import progress

    return progress.show(options.folder)


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
        api = course.api(of_class=False)
        for assignment in chosen or course.assignments():
            result = api.generate_assignment(assignment, force=True, create=True)
            if not result["success"]:
                print(result.get("log") or result["error"], file=sys.stderr)
                return 1
            print(f"generated exercises/{assignment}")
    return 0


def _sandbox(options: argparse.Namespace) -> int:
    from autograder.box import sandbox

    problem = sandbox.why_not()
    print(problem or "the sandbox works here")
    return 1 if problem else 0


_DOORS = {
    "progress": ("what a student has done so far", _folder, _progress),
    "bank": ("write the public references", _some, _bank),
    "exercises": ("regenerate exercises/ from solutions/", _some, _exercises),
    "sandbox": (
        "whether submissions can be boxed in here",
        lambda parser: None,
        _sandbox,
    ),
}

if __name__ == "__main__":
    sys.exit(main())
