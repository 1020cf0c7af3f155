"""Opening a gradebook on a server: made once, and graded into by one at a time.

nbgrader makes its tables when it first opens a database, and two that do so at the same
moment fail; and the lock in a class's folder does not reach another machine.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom.address import Unavailable, is_server, remember, shown
from autograder.classroom.faults import sentences, whole

if TYPE_CHECKING:
    import sqlalchemy as sa

OPENING = 5.0  # seconds, for a server that has no room yet, or is starting
_KEEPALIVE = "set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 10"


def prepare(address: str, course: str, folder: Path) -> None:
    """Make the gradebook where it is not there yet: once, however many come at once.

    nbgrader makes its tables when it first opens a database, and fails where two do so
    at the same time. Unavailable, in a sentence, where it cannot be opened.
    """
    with sentences(address):
        if is_server(address):
            whole(lambda: _prepare(address, course, folder.name), OPENING)
        remember(folder, address)


def _prepare(address: str, course: str, klass: str) -> None:
    import sqlalchemy as sa

    mark = sa.Table(
        "autograder_class", sa.MetaData(), sa.Column("name", sa.String(256))
    )
    try:
        engine = sa.create_engine(address, poolclass=sa.NullPool)
    except ModuleNotFoundError:
        raise Unavailable(
            "a gradebook on PostgreSQL needs psycopg: pip install 'psycopg[binary]'"
        ) from None
    with engine.connect() as link:
        if not sa.inspect(link).has_table(mark.name):
            link.execute(sa.text("set lock_timeout = '5min'"))
            link.execute(sa.text(f"select pg_advisory_xact_lock({_key('prepare')})"))
            if not sa.inspect(link).has_table(mark.name):
                _make(address, course)
                mark.create(link)
                link.execute(sa.insert(mark).values(name=klass))
            link.commit()
        whose = link.execute(sa.select(mark.c.name)).scalar()
    if whose != klass:
        raise Unavailable(
            f"{shown(address)} is the gradebook of the class {whose!r}, not of {klass!r}: "
            "give each class a database of its own"
        )


def _make(address: str, course: str) -> None:
    """nbgrader's tables and ours, and the two courses that nbgrader names."""
    from nbgrader.api import Gradebook

    from autograder.classroom import late

    with Gradebook(address, course) as gradebook:
        late.create(gradebook)
    Gradebook(address).close()  # its own preprocessors name none


def alone(engine: sa.Engine, what: str) -> None:
    """Nobody else shall do `what` on this database while the engine is connected.

    On a server, where the lock of a folder does not reach. It ends with the connection;
    a new one takes it again, and Unavailable where another grader has it by then.
    """
    if engine.dialect.name != "postgresql":
        return
    import sqlalchemy as sa

    name = f"{_host()} {secrets.token_hex(4)}"  # of this engine's connections only

    def take(link: Any, _record: object = None) -> None:
        with link.cursor() as cursor:
            cursor.execute(f"{_KEEPALIVE}; set application_name = '{name}'")
            while True:
                cursor.execute(f"select pg_try_advisory_lock({_key(what)})")
                if cursor.fetchone()[0]:
                    link.commit()
                    return
                cursor.execute(_WHO.format(*divmod(_key(what) % 2**64, 2**32)))
                found = cursor.fetchone()
                if not found or found[1] != name:
                    break  # or it is our own, which was lost, and not missed yet
                cursor.execute(f"select pg_terminate_backend({found[0]}, 5000)")
        link.rollback()
        where = ""
        if found:
            where = f" ({found[1].rpartition(' ')[0]}, since {found[2]:%d %B %H:%M})"
        raise Unavailable(f"{what} is being graded by another process{where}")

    engine.dispose()  # what comes next is connected anew
    sa.event.listen(engine, "connect", take)
    engine.connect().close()


_WHO = (
    "select pid, application_name, backend_start from pg_locks join pg_stat_activity using "
    "(pid) where locktype = 'advisory' and granted and classid = {} and objid = {}"
)


def _host() -> str:
    return re.sub(r"[^\w .-]", "", f"grader on {socket.gethostname()}"[:50])


def _key(what: str) -> int:
    """The number of an advisory lock: 64 bits with a sign."""
    digest = hashlib.sha256(f"gpt-in-four-stages {what}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
