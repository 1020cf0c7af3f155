"""What goes wrong with a gradebook: told in a sentence, and what can be done again is.

At the top stands only what takes no time to import: every command passes here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from autograder.classroom.address import VARIABLE, Unavailable, shown

T = TypeVar("T")

PATIENCE = 60.0  # seconds that a server that was lost is waited for
COLLISIONS = 5  # how often two graders may enter the same student at the same time


def whole(work: Callable[[], T], patience: float | None = None) -> T:
    """Do a whole transaction; again from its beginning where the connection was lost.

    `work` begins, does and commits it, and finds out itself whether an attempt that was
    cut off has been committed after all. Its last error, where the database is not there
    again in `patience` seconds, or where waiting does not help.
    """
    patience = PATIENCE if patience is None else patience
    until = time.monotonic() + patience
    pause, collisions, told_so = 0.05, 0, False
    while True:
        try:
            return work()
        except Exception as error:
            collisions += _collided(error)
            again = collisions if _collided(error) else _lost(error)
            if not again or collisions > COLLISIONS or time.monotonic() > until:
                raise
        time.sleep(pause)
        pause = min(2 * pause, 3.0)
        if pause > 1 and not told_so:
            told_so = True
            told = f"\nThe gradebook does not answer: waiting {patience:.0f} s at most"
            print(told, file=sys.stderr)


@contextlib.contextmanager
def sentences(address: str) -> Iterator[None]:
    """What a database says within is Unavailable, in a sentence."""
    try:
        yield
    except Exception as error:
        if isinstance(error, Unavailable) or not (said := told(error, address)):
            raise
        raise Unavailable(said) from None


def told(error: BaseException, address: str | None = None) -> str | None:
    """A sentence for an error of a database or a full disk; None for any other."""
    found = _cause(error)
    if found is None:
        return None
    if isinstance(found, OSError):
        return f"the disk is full: {found.filename or 'nothing more can be written'}"
    text = str(found)
    where = shown(address or os.environ.get(VARIABLE) or "") or "the gradebook"
    for pattern, said in _SENTENCES:
        if re.search(pattern, text, re.IGNORECASE):
            return f"{where}: {said}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{where}: {lines[0][:200] if lines else type(found).__name__}"


_NOBODY = (
    "refused|failed to resolve|could not translate|no route|unreachable|timed? ?out"
    "|no such file or directory|is the server running"
)
_GONE = (
    "terminating connection|server closed|shutting down|starting up|recovery mode"
    "|connection (is|was|reset)|connection.*lost|consuming input|ssl .*closed"
)
_AGAIN = "give the same command again"
_SENTENCES = (
    (
        "password authentication failed|no password supplied",
        "wrong user or password; it is in the URL, in PGPASSWORD or in ~/.pgpass",
    ),
    (
        "no pg_hba.conf entry|role .* does not exist|not permitted to log in",
        "this user may not enter from this machine (the server's pg_hba.conf)",
    ),
    (
        "database .* does not exist",
        "there is no such database; make it on the server: createdb -O USER NAME",
    ),
    (
        "permission denied for (schema|database)|must be owner",
        "this user may not make tables there; ALTER DATABASE NAME OWNER TO USER",
    ),
    (
        "too many (clients|connections)|remaining connection slots",
        f"the server has no connection left; close other programs, and {_AGAIN}",
    ),
    (
        "disk is full|no space left|could not (extend|write)",
        f"the gradebook's disk is full; make room and {_AGAIN}",
    ),
    (
        "database (table )?is locked|lock timeout",
        f"another program has locked the gradebook; close it and {_AGAIN}",
    ),
    ("readonly database|read-only transaction", "it can only be read here"),
    (
        "unable to open database file",
        "there is no such file, or its folder cannot be written",
    ),
    ("not a database|malformed", "it is damaged, or no gradebook; put back a copy"),
    (
        _NOBODY,
        f"no server answers there; start it or mend the address, and {_AGAIN}",
    ),
    (
        _GONE,
        f"the server was lost. What is graded is in the gradebook; {_AGAIN}",
    ),
)
_WAIT = (  # it may be otherwise in a moment
    "starting up",
    "shutting down",
    "recovery mode",
    "not yet accepting",
    "too many (clients|connections)",
    "remaining connection slots",
    "connection refused",
    "connection reset",
    "connection is (closed|bad)",
    "connection.*lost",
    "server closed",
    "terminating connection",
    "consuming input",
    "ssl .*closed",
    "timed? ?out",
    "database (table )?is locked",
    "deadlock",
    "could not serialize",
)


def _cause(error: BaseException | None) -> BaseException | None:
    """What the database or the disk itself said, behind what was made of it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return error
        if type(error).__module__.partition(".")[0] in ("psycopg", "sqlite3"):
            return error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return None


def _lost(error: BaseException) -> bool:
    """Whether it may be otherwise in a moment."""
    found = _cause(error)
    return found is not None and bool(
        re.search("|".join(_WAIT), str(found), re.IGNORECASE)
    )


def _collided(error: BaseException) -> bool:
    """Whether two have entered the same thing at once: the second finds it there."""
    found = _cause(error)
    return type(found).__name__ in ("UniqueViolation", "IntegrityError")
