"""Try all mutants on the checks: python -m tests.autograder.mutants [CHECK ...]"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from autograder import checks
from tests.autograder.mutants.exam import SEEDS, equal, is_equal, of_check, untrue
from tests.conftest import add


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.autograder.mutants", description=__doc__
    )
    parser.add_argument(
        "checks", nargs="*", help="only these; all, where none is named"
    )
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    known = [name for e in checks.exercises() for name in checks.load(e)]
    wanted = args.checks or known
    started, made, alive, accepted, faults = time.monotonic(), 0, [], [], []
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for name, found in zip(wanted, pool.imap(of_check, wanted), strict=True):
            passing = [one for one in found if one[2]]
            always = [key for key, _, seeds in passing if seeds == len(SEEDS)]
            listed = [key for key in always if is_equal(key)]
            survivors = [one for one in passing if one[0] not in listed]
            made += len(found)
            accepted += listed
            alive += survivors
            faults += untrue(name, [one[0] for one in found], always)
            print(
                f"{name:<20} {len(found):>4} mutants, {len(listed)} equal, "
                f"{len(survivors)} alive",
                flush=True,
            )
    for key, source, seeds in alive:
        print(f"\n{key}   (right with {seeds} seeds of {len(SEEDS)})\n{source}")
    whole = wanted == known
    faults += [x for x in equal() if whole and x.split(" | ")[0] not in known]
    for fault in faults:
        print(f"\nequal.txt: {fault}")
    print(
        f"\n{made} mutants of {len(wanted)} checks: {made - len(accepted) - len(alive)} "
        f"refused, {len(accepted)} equal ({len(accepted) / made:.1%}), {len(alive)} "
        f"alive; {time.monotonic() - started:.0f} s"
    )
    if whole:
        killed = made - len(accepted) - len(alive)
        equals = len(accepted)
        add(mutants=made, mutants_killed=killed, mutants_equal=equals)
    return 1 if alive or faults else 0


if __name__ == "__main__":
    sys.exit(main())
