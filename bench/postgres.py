"""A PostgreSQL server for tests and the bench: started by them, in a folder of its own.

PostgreSQL refuses to run as root, so root starts it as another user. It listens on a
local port, and has one user, `grader`, whose password is PASSWORD.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

USER, PASSWORD = "grader", "s3cret/of@the:server"
QUOTED = "s3cret%2Fof%40the%3Aserver"  # as it stands in a URL
MISSING = "PostgreSQL's server is missing: sudo apt install postgresql"
SETTINGS = {
    "shared_buffers": "16MB",
    "max_connections": "30",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


def programs() -> Path | None:
    """The folder of the newest server's programs. Debian has them on no path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent  # not that of a link
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(versions, key=lambda path: int(path.parts[-3]))
    return newest[-1].parent if newest else None


class Server:
    """To be used with `with`; `stop` and `start` in between.

    durable: whether what it has committed is on the disk, as on a server in earnest.
    """

    def __init__(self, durable: bool = False) -> None:
        self.settings = {**SETTINGS, "fsync": "on" if durable else "off"}
        if (found := programs()) is None:
            raise RuntimeError(MISSING)
        self.programs = found
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.who: dict[str, Any] = {"cwd": self.folder}
        if os.geteuid() == 0:
            self.who |= _somebody()
            os.chown(self.folder, self.who["user"], self.who["group"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [self.programs / "initdb", "-D", self.folder / "data", "-N", "-U"]
        command += [USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"]
        command += [f"--pwfile={secret}"]
        done = subprocess.run(
            command, **self.who, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        command = [self.programs / "postgres", "-D", self.folder / "data"]
        command += ["-p", str(self.port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, **self.who, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def ready(self) -> bool:
        command = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1"]
        return not subprocess.run(
            [*command, "-p", str(self.port)], check=False
        ).returncode

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends every connection at once; SIGQUIT is as good as a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def url(self, database: str, user: str = USER, password: str = QUOTED) -> str:
        address = f"127.0.0.1:{self.port}"
        return f"postgresql://{user}:{password}@{address}/{database}"

    def create(self, database: str) -> str:
        """Make a database; its URL."""
        self.sql(f'create database "{database}"')
        return self.url(database)

    def sql(self, query: str, database: str = "postgres") -> list[tuple]:
        import psycopg

        url = self.url(database)
        with psycopg.connect(url, autocommit=True) as link:
            found = link.execute(query)
            return found.fetchall() if found.description else []


def _somebody() -> dict[str, Any]:
    """An ordinary user that is there: the server's own, else nobody."""
    for name in "postgres", "nobody":
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
    raise RuntimeError("no user is there to run PostgreSQL as")


def hidden(text: str) -> bool:
    """Whether a text gives nothing of the password away."""
    return not re.search(r"s3cret|of@the|of%40the", text)
