"""Try mutants on the checks: python -m tests.autograder.mutants [CHECK ...]"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from autograder import checks
from tests.autograder.mutants.exam import is_equal, of_check


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
    started, made, alive, accepted = time.monotonic(), 0, [], 0
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for name, found in zip(wanted, pool.imap(of_check, wanted), strict=True):
            passed = [one for one in found if one.passed]
            survivors = [one for one in passed if not is_equal(one.key)]
            made += len(found)
            accepted += len(passed) - len(survivors)
            alive += survivors
            print(
                f"{name:<20} {len(found):>4} mutants, {len(passed)} pass, "
                f"{len(survivors)} of them not known to be equal",
                flush=True,
            )
    for one in alive:
        where = ", ".join(seed.decode() for seed in one.passed)
        print(f"\n{one.key}   (passes: {where})\n{one.mutant.source}")
    print(
        f"\n{made} mutants of {len(wanted)} checks: {made - accepted - len(alive)} "
        f"refused, {accepted} equal ({accepted / made:.1%}), {len(alive)} alive; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
