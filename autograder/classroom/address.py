"""Where the gradebook lies: a file of SQLite's, or a database of a PostgreSQL server.

A class's gradebook is `gradebook.db` in its folder. `--db URL`, or GPT_GRADEBOOK, names
another one; the folder remembers which, less the password, so that no later command can
look into an empty book.

At the top stands only what takes no time to import: every command passes here.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from gpt.data import write_whole

VARIABLE = "GPT_GRADEBOOK"
HELP = (
    "the gradebook: postgresql://USER@HOST/DATABASE, or a file; said once, it is kept for "
    "the class, less a password, which is best in ~/.pgpass"
)
REMEMBERED = "gradebook.url"  # in the class's folder
FILE = "gradebook.db"
SERVER = ("postgresql", "postgres", "postgresql+psycopg")
_PARAMETERS = {"connect_timeout": "10"}  # seconds


class Unavailable(ValueError):
    """The gradebook cannot be written or read. Nobody's grading can go on."""


def url(folder: Path) -> str:
    """The address of the gradebook of the class in `folder`, for SQLAlchemy.

    ValueError for an address that is none, and for one that is not this class's.
    """
    own = folder / FILE
    given = os.environ.get(VARIABLE)
    kept = folder / REMEMBERED
    known = normal(kept.read_text("utf-8").strip()) if kept.exists() else ""
    if not given:
        return known or f"sqlite:///{own}"
    address = normal(given)
    if address == "sqlite://":  # in memory, for a moment
        return address
    if known and shown(known) != shown(address):
        raise Unavailable(
            f"the class {folder.name!r} has its gradebook at {shown(known)}, not at "
            f"{shown(address)}; if it was moved there, remove {kept}"
        )
    if not known and own.exists() and not _is(address, own):
        raise Unavailable(
            f"the class {folder.name!r} has a gradebook already, {own}: what is in it "
            f"would be missing at {shown(address)}. Give --db with a new class"
        )
    return address


def remember(folder: Path, address: str) -> None:
    """Note where the class has its gradebook, for the commands that come. No password."""
    kept, text = folder / REMEMBERED, _bare(address) + "\n"
    own = address == "sqlite://" or _is(address, folder / FILE)
    if not own and folder.is_dir() and not kept.exists():
        write_whole(kept, text.encode())


def _is(address: str, file: Path) -> bool:
    """Whether an address is this file of SQLite's, with whatever options."""
    return address.partition("?")[0] == f"sqlite:///{file}"


def is_server(address: str) -> bool:
    return address.partition("://")[0] in SERVER


def normal(address: str) -> str:
    """An address as SQLAlchemy takes it, with a bound on how long it waits.

    A path is a file of SQLite's. ValueError for any other kind of database.
    """
    kind, there, _ = address.partition("://")
    if not there:
        return f"sqlite:///{Path(address).absolute()}"
    if kind == "sqlite":
        return address
    if kind not in SERVER:
        raise Unavailable(
            f"{kind}:// is no gradebook: give postgresql://USER@HOST/DATABASE, or the "
            "path of a file"
        )
    parts = urlsplit(address)
    try:
        wrong = parts.port == 0 or not parts.path.strip("/")
    except ValueError:  # the port is no number
        wrong = True
    if wrong:
        raise Unavailable(
            f"{kind}://… names no database: give postgresql://USER@HOST/DATABASE; in a "
            "password write : / @ # ? as %3A %2F %40 %23 %3F"
        )
    query = _PARAMETERS | dict(parse_qsl(parts.query))
    new = parts._replace(scheme="postgresql+psycopg", query=urlencode(query))
    return urlunsplit(new)


def shown(address: str) -> str:
    """An address without its password, and without what it may have been given."""
    if not is_server(address):
        return address.removeprefix("sqlite:///")
    parts = urlsplit(address)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{user}{parts.hostname or ''}{port}{unquote(parts.path)}"


def _bare(address: str) -> str:
    """The same to connect by: the password is asked of PGPASSWORD or ~/.pgpass."""
    if not is_server(address):
        return address
    parts = urlsplit(address)
    if parts.password is not None:
        user = quote(unquote(parts.username or ""), safe="")
        host = parts.netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"{user}@{host}")
    query = [(k, v) for k, v in parse_qsl(parts.query) if k != "password"]
    return urlunsplit(parts._replace(query=urlencode(query)))
