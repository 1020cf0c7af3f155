"""Slips of the pen in book/live that nobody made: would the tests in Node see them?

`make.mjs` changes one thing at a time in a module (with TypeScript's parser, as `make node`
installs it), `replay.mjs` asks each mutant what the tests have asked, and compares with what the
right modules say, which the tests hold to Python. A mutant whose answers are all right is either
as right as the module, which `equal.txt` says with its reason, or a hole in the tests.

    python -m tests.site.live.mutants              all of MODULES
    python -m tests.site.live.mutants world story  of these

Stryker, which is kept, runs a whole suite once a mutant: here that suite is in Python.
"""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.site.live import build

HERE = Path(__file__).parent
# what a mutant may be found by in `make test`: those questions that find one
FINDERS = HERE / "finders.jsonl"
# those whose survivors have been judged; the command takes any other that answers.mjs asks
MODULES = ["tokenize", "embed", "attend", "mlp", "sample"]
Mutant = dict  # module, line, was, is, start, end


def mutants(modules: list[str] = MODULES) -> list[Mutant]:
    """All mutants of some modules, in their order in the text."""
    command = ["node", HERE / "make.mjs", build.MODULES, *modules]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def named(mutant: Mutant) -> str:
    """A mutant as it is printed and listed: module | line of code with ⟦was → is⟧."""
    text = build.MODULES.joinpath(f"{mutant['module']}.js").read_text("utf-8")
    start, end = places(text, mutant["start"]), places(text, mutant["end"])
    before = text[:start].rpartition("\n")[2].lstrip()
    after = text[end:].partition("\n")[0]
    was, now = (" ".join(mutant[name].split()) for name in ("was", "is"))
    was = was if len(was) <= 60 else f"{was[:57]}…"
    now = now if len(now) <= 60 else f"{now[:57]}…"
    return f"{mutant['module']} | {before}⟦{was} → {now}⟧{after}"


def places(text: str, at: int) -> int:
    """Where character `at` of JavaScript (UTF-16) is in Python."""
    return len(text.encode("utf-16-le")[: 2 * at].decode("utf-16-le"))


def found(some: list[Mutant], questions: Path, built: Path) -> list[int | None]:
    """For each mutant the number of the question that finds it, -1 where it does not begin."""
    command = ["node", "--no-warnings", "--experimental-vm-modules"]
    command += [HERE / "replay.mjs", build.MODULES, built, questions]
    left, answers = list(some), []
    while left:  # one that eats all memory ends the process, and is found by that
        ran = subprocess.run(
            command,
            input="".join(json.dumps(one) + "\n" for one in left),
            capture_output=True,
            text=True,
            check=False,
        )
        got = [json.loads(line)["by"] for line in ran.stdout.splitlines()]
        if ran.returncode == 0 and len(got) < len(left):
            raise RuntimeError(f"only {len(got)} of {len(left)} answers: {ran.stderr}")
        if ran.returncode and not got and answers[-1:] == [-1]:
            raise RuntimeError(f"Node does not begin: {ran.stderr[-2000:]}")
        answers += got if ran.returncode == 0 else [*got, -1]
        left = some[len(answers) :]
    return answers


@cache
def equal() -> tuple[str, ...]:
    """The lines of equal.txt: mutants that are as right as the module."""
    text = HERE.joinpath("equal.txt").read_text("utf-8")
    lines = text.partition("\n\n")[2].splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def says(line: str, name: str) -> bool:
    """Whether a line of equal.txt means a mutant; `*` stands for any characters."""
    return fnmatch.fnmatchcase(name, line.replace("[", "[[]").replace("?", "[?]"))


def is_equal(name: str) -> bool:
    return any(says(line, name) for line in equal())


def thinned(lines: list[str]) -> list[str]:
    """Each question once; of many with one name 150, from all over."""
    names: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        names.setdefault(json.loads(line)[0], []).append(line)
    some = []
    for of_name in names.values():
        step = max(1, len(of_name) / 150)
        some += [of_name[int(n * step)] for n in range(int(len(of_name) / step))]
    return some


def record(file: Path) -> None:
    """Write down what the tests ask. Raises RuntimeError where they do not pass."""
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-x"]
    command += ["-p", "tests.site.live.mutants.asked", "tests/site/live"]
    ran = subprocess.run(
        command,
        cwd=build.ROOT,
        env=os.environ | {"LIVE_ASKED": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise RuntimeError(ran.stdout[-3000:])
    lines = thinned(file.read_text("utf-8").splitlines())
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
