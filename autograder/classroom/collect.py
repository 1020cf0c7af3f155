"""The bytes of a submission's folder, which somebody else filled.

Its files may be links to other people's, pipes that never end, or sparse and endless.
No link is followed, nothing is waited for, and what is read is bounded in all.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.classroom.names import told

NOTEBOOK_MB = 20
FILES_MB = 16  # all other files of a submission together
FILES = 200
NOTEBOOKS = 5  # beside the one of the exercise's name
NAMES = 10_000  # in a folder
STAMP = "timestamp.txt"


@dataclass(frozen=True)
class HandedIn:
    """The bytes of a submission's folder; `flags` tell what was left out, and why.

    `notebook` is the one of the exercise's name. Where it is None, `lost` says what is
    in its place, if anything is. `others` are notebooks of other names, and `there` tells
    of some. `timestamp` is what timestamp.txt says. Equal fingerprints mean equal
    submissions.
    """

    notebook: bytes | None
    files: dict[str, bytes]
    timestamp: str | None
    flags: tuple[str, ...]
    fingerprint: str
    others: dict[str, bytes] = field(default_factory=dict)
    lost: str = ""
    there: str = ""


def collect(folder: Path, name: str) -> HandedIn:
    """Read the files of a submission of the notebook `name`; no link is followed.

    However large they are, no more is read than NOTEBOOK_MB of the notebook, as much of
    all others, and FILES_MB of all that is no notebook. The rest is left out, unread.
    """
    mine = f"{name}.ipynb"
    there, flags = _names(folder, (mine, STAMP))
    found: dict[str, dict[str, bytes]] = {"own": {}, "other": {}, "file": {}}
    room = {
        "own": NOTEBOOK_MB << 20,
        "other": NOTEBOOK_MB << 20,
        "file": FILES_MB << 20,
    }
    most = {"own": 1, "other": NOTEBOOKS, "file": FILES}
    lost, left_out = "", set()
    digest = hashlib.sha256()
    for file in there:
        digest.update(ascii(file).encode() + b"\0")
        kind = "own" if file == mine else "other" if _is_copy(file) else "file"
        if len(found[kind]) == most[kind]:
            left_out.add(kind)
            continue
        try:
            data = read(folder / file, room[kind])
        except IsADirectoryError:
            lost = f"{mine} is a folder" if file == mine else lost
            continue
        except ValueError as error:
            flags.append(f"{told(file)} {error}")
            lost = flags[-1] if file == mine else lost
            continue
        digest.update(hashlib.sha256(data).digest())
        room[kind] -= len(data)
        found[kind][file] = data
    for kind, what in ("other", "notebooks"), ("file", "files"):
        if kind in left_out:
            flags.append(f"more than {most[kind]} {what}: the rest was left out")
    others = [told(file) for file in there if file != mine and _is_copy(file)]
    digest.update(repr(flags).encode())
    return HandedIn(
        found["own"].get(mine),
        found["file"],
        _text(found["file"].get(STAMP, b"")),
        tuple(flags),
        digest.hexdigest(),
        found["other"],
        lost,
        f"there is {', '.join(others[:3])}" if others else "none is there",
    )


def timestamp(folder: Path) -> str | None:
    """What timestamp.txt says in a folder of which nothing else is to be known."""
    try:
        return None if folder.is_symlink() else _text(read(folder / STAMP, 1000))
    except (OSError, ValueError):
        return None


def _text(stamp: bytes) -> str | None:
    return stamp.decode("utf-8", "replace").strip() or None


def _is_copy(name: str) -> bool:
    """Whether it may be a notebook: some browsers save one as attend.ipynb.txt."""
    return ".ipynb" in name.lower()


def _names(folder: Path, first: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names in a folder, these `first`, then by the alphabet; and what is odd."""
    if folder.is_symlink():
        return [], [f"{told(folder.name)} is a link: not followed"]
    with os.scandir(folder) as found:
        names = {entry.name for entry in itertools.islice(found, NAMES)}
    flags = []
    if len(names) == NAMES:
        flags = [f"{NAMES:,} names in the folder: the rest was not looked at"]
        names |= {name for name in first if os.path.lexists(folder / name)}
    return sorted(names, key=lambda name: (name not in first, name)), flags


def read(path: Path, most: int) -> bytes:
    """The bytes of a regular file. ValueError for anything else, and for too many.

    IsADirectoryError for a folder, in which nothing is looked at.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        about = "is a link" if os.path.islink(path) else "cannot be read"
        raise ValueError(f"{about}: left out") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(path)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("is no ordinary file: left out")
        if about.st_size > most:
            raise ValueError(
                f"has {about.st_size:,} bytes, which is too many: left out"
            )
        return file.read(most)
