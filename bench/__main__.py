"""python -m bench [PART …]: measure this project beside its peers, in one run.

Without a PART, ONLY in the environment names them, else all run. The figures are
printed as a table and kept in _build/bench.json beside those of parts not run now.
"""

import datetime
import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from bench.measure import Row
from gpt.data import write_whole

PARTS = (
    "bpe",
    "model",
    "train",
    "cache",
    "check",
    "grader",
    "cost",
    "scale",
    "site",
)  # modules of this package; each has run() -> list[Row]
FILE = Path(__file__).parents[1] / "_build" / "bench.json"


def main(parts: list[str]) -> None:
    if unknown := [part for part in parts if part not in PARTS]:
        raise SystemExit(f"no such part: {unknown}; there are {', '.join(PARTS)}")
    rows = []
    for part in parts or PARTS:
        print(f"measuring {part} …", flush=True)
        rows += import_module(f"bench.{part}").run()
    keep(rows)
    print(table(rows))
    print(f"on {machine()}; also in {FILE.relative_to(FILE.parents[1])}")


def keep(rows: list[Row]) -> None:
    """Put the figures into bench.json, beside those that other parts left there."""
    figures = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    figures |= {row.name: round(row.value, 4) for row in rows}
    figures["machine"] = machine()
    figures["date"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    FILE.parent.mkdir(exist_ok=True)
    write_whole(FILE, (json.dumps(figures, indent=1) + "\n").encode())


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def table(rows: list[Row]) -> str:
    """A line a figure; "MISSED" where it does not keep to its bar."""
    head = ("figure", "value", "bar", "", "against")
    lines = [
        (
            row.name,
            f"{row.value:.3g}",
            row.bar,
            "" if row.met else "MISSED",
            row.against,
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(line, widths)), line[4]])
        for line in [head, *lines]
    )


if __name__ == "__main__":
    main(sys.argv[1:] or os.environ.get("ONLY", "").replace(",", " ").split())
