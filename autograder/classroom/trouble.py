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

from autograder.classroom import names

LOG = "problems.log"  # in the class's folder
FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = "the disk is full: make room, then give the same command again"
_GRADEBOOK = {  # what a database says, in lower case, and what that means here
    "database is locked": "the gradebook is locked by another program (the formgrader, "
    "nbgrader, a database viewer): close that, then give the same command again",
    "unable to open database file": "the gradebook cannot be opened: is its folder "
    "there, and may you write in it?",
    "readonly database": "the gradebook may not be written: change the permissions of "
    "its file and folder",
    "disk is full": FULL_WORDS,
    "no space left": FULL_WORDS,
    "disk i/o error": "the disk under the gradebook fails, or is full",
    "not a database": "the gradebook's file is damaged: take a copy of it from before",
    "malformed": "the gradebook's file is damaged: take a copy of it from before",
    "connection refused": "the gradebook's server does not answer: is it running?",
    "could not translate host name": "the gradebook's server is not known by that name",
    "password authentication failed": "the gradebook's server refuses user or password",
    "server closed the connection": "the gradebook's server ended the connection: give "
    "the same command again",
    "terminating connection": "the gradebook's server was stopped: start it, then give "
    "the same command again",
    "too many clients": "the gradebook's server has too many clients: close some",
    "no such table": "the gradebook is not one of nbgrader's: which file is it?",
}


def words(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.errno in FULL:
        return FULL_WORDS
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = str(error)
    if of_gradebook(error) or "(Background on this error" in text:
        for said, meant in _GRADEBOOK.items():
            if said in text.lower():
                return meant
        text = str(getattr(error, "orig", None) or text)
        return f"the gradebook failed: {_first(text)}"
    if isinstance(error, ValueError):
        return text or "a value was wrong"  # these are written for a person
    return f"{type(error).__name__}: {_first(text)}" if text else type(error).__name__


def of_gradebook(error: BaseException) -> bool:
    """Whether it is the database's error, and so everybody's."""
    return type(error).__module__.startswith(("sqlalchemy", "sqlite3", "psycopg"))


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
    expected = isinstance(error, ValueError | OSError) or of_gradebook(error)
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
