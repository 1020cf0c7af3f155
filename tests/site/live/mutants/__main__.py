"""Try all mutants of the modules in book/live: python -m tests.site.live.mutants [MODULE ...]"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.site.live import build, mutants


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.site.live.mutants", description=__doc__
    )
    parser.add_argument("modules", nargs="*", help="only these")
    parser.add_argument("--asked", type=Path, help="the questions of an earlier run")
    args = parser.parse_args()
    modules = args.modules or mutants.MODULES
    asked = args.asked or build.ROOT / "_build/live_asked.jsonl"
    if not args.asked:
        print("writing down what the tests ask …", flush=True)
        mutants.record(asked)
    lines = asked.read_text("utf-8").splitlines()
    made, equals, alive, finders = 0, [], [], set()
    some = mutants.mutants(modules)
    with tempfile.TemporaryDirectory() as folder:
        build.write(Path(folder))
        by = mutants.found(some, asked, Path(folder))
    for name in modules:
        of_module = [
            (x, i) for x, i in zip(some, by, strict=True) if x["module"] == name
        ]
        passing = [mutants.named(x) for x, i in of_module if i is None]
        listed = [one for one in passing if mutants.is_equal(one)]
        made += len(of_module)
        equals += listed
        alive += [one for one in passing if one not in listed]
        finders |= {i for _, i in of_module if i is not None and i >= 0}
        print(
            f"{name:<10} {len(of_module):>4} mutants, {len(listed)} equal, "
            f"{len(passing) - len(listed)} alive",
            flush=True,
        )
    for one in alive:
        print(f"\n{one}")
    stale = [
        line
        for line in mutants.equal()
        if line.split(" | ")[0] in modules
        and not any(mutants.says(line, name) for name in equals)
    ]
    for line in stale:
        print(f"\nequal.txt: no mutant is alive that this line means: {line}")
    if modules == mutants.MODULES and not alive:
        text = "".join(f"{lines[i]}\n" for i in sorted(finders))
        mutants.FINDERS.write_text(text, "utf-8")
    killed = made - len(equals) - len(alive)
    print(
        f"\n{made} mutants: {killed} found ({killed / (made - len(equals)):.1%} of those that "
        f"are wrong), {len(equals)} equal, {len(alive)} alive"
    )
    return 1 if alive or stale else 0


if __name__ == "__main__":
    sys.exit(main())
