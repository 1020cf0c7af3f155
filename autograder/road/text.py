"""How the commands of the road write to a terminal: aligned, and no wider than it is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from autograder.classroom import names
from autograder.classroom.width import cells, cut_end, padded, wrapped


def width() -> int:
    """How many cells a line has."""
    return max(40, shutil.get_terminal_size().columns)


def columns(rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    """Rows as lines, each column as wide as its widest cell; the last is cut off."""
    if not rows:
        return []
    encoding = sys.stdout.encoding or "utf-8"
    shown = [[names.shown(cell, encoding) for cell in row] for row in rows]
    room = width() - indent
    wide = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    wide = [min(w, max(12, room // 3)) for w in wide]
    lines = []
    for row in shown:
        parts = [padded(cut_end(c, w, "…"), w) for c, w in zip(row, wide, strict=True)]
        last = max([i for i, cell in enumerate(row) if cell], default=0)
        if last == len(row) - 1:  # the last one takes what is left
            parts[last] = row[last]
        line = "  ".join(part for part, w in zip(parts, wide, strict=True) if w)
        lines.append(cut_end(line.rstrip(), room, "…"))
    return lines


def listed(title: str, lines: Sequence[str], most: int) -> list[str]:
    """A heading with its lines; of many, the first, and how many more there are."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    told = [f"  {title}" + (f" ({len(lines):,})" if len(lines) > 1 else "")]
    for line in lines[:most]:
        first, *more = wrapped(names.shown(line, encoding), width() - 6) or [""]
        told += [f"    {first}", *(f"      {part}" for part in more)]
    if len(lines) > most:
        told.append(f"    … and {len(lines) - most:,} more (--json lists all)")
    return told
