"""What went wrong, in a sentence for the person who can mend it, and where more is said.

A traceback is for the log. Nothing is imported here that takes time: an error is known
by its text and by the module that its type comes from.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import sys
import traceback
from pathlib import Path

from autograder.classroom import faults, names
from autograder.classroom.address import Unavailable

LOG = "problems.log"  # in the class's folder
FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = "the disk is full: make room, then give the same command again"


def words(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.errno in FULL:
        return FULL_WORDS
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and str(error):
        return _first(str(error))
    if said := faults.told(error):
        return said
    text = str(error)
    if isinstance(error, ValueError | RuntimeError):
        return text or "a value was wrong"  # these are written for a person
    return f"{type(error).__name__}: {_first(text)}" if text else type(error).__name__


def is_everybodys(error: BaseException) -> bool:
    """Whether the next submission would fail by it, too: the gradebook or the disk."""
    full = isinstance(error, OSError) and error.errno in FULL
    return full or isinstance(error, Unavailable) or faults.told(error) is not None


def log(folder: Path, who: str, trace: str | None = None) -> None:
    """Write down what went wrong for `who`; where that cannot be done, it is not."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    told = f"{now} {names.shown(who)}\n{trace or traceback.format_exc()}\n"
    with contextlib.suppress(OSError), (folder / LOG).open("ab") as file:
        file.write(told.encode("utf-8", "backslashreplace"))


def told(command: str, error: BaseException, folder: Path | None = None) -> int:
    """Say on stderr what ended a command, and keep the rest for the log; the exit code.

    What nobody has thought of is logged with its traceback, or printed where there is
    no log.
    """
    expected = isinstance(error, ValueError | OSError) or is_everybodys(error)
    more = ""
    if not isinstance(error, ValueError) and folder is not None:
        log(folder, command)
        more = f" ({os.path.join(folder, LOG)} says more)"
    elif not expected:
        traceback.print_exc()
    print(f"autograder {command}: {words(error)}{more}", file=sys.stderr)
    return 2


def _first(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:300] if lines else "without a word"
