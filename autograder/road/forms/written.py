"""Which files `export` wrote: those it may write again, and no other without --force."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

from filelock import FileLock

from autograder.classroom import course

READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def write(to: Path, data: bytes, force: bool) -> tuple[list[str], list[str]]:
    """Write a file whole. ValueError where one is there that is not as we wrote it.

    What is odd about the list of what was written is returned, and what is to be noted.
    The list has the new file before it is written, and the old one until then: whenever
    this is stopped, what lies there is known as ours. One at a time has the list. Where
    the class can only be read, there is none.
    """
    from gpt.data import write_whole

    listed = course.class_folder() / "exports" / "written.json"
    where, new = to, _digest(data)
    try:
        for where in listed.parent, to.parent:
            where.mkdir(parents=True, exist_ok=True)
        where = listed
        with FileLock(listed.parent.with_name(".exports.lock")):
            known, told = _known(listed)
            key, ours, where = _key(to), [new], to
            if to.is_symlink() or to.exists():
                old = _digest(to.read_bytes())
                if old not in (new, *known.get(key, ())) and not force:
                    raise ValueError(
                        f"{to} is there, and is not as this command wrote it: give another "
                        f"file with --to, or --force{''.join(f' ({one})' for one in told)}"
                    )
                ours.append(old)
            for some in ours, [new]:
                known[key], where = some, listed
                write_whole(listed, json.dumps(known, indent=1).encode())
                if some is ours:
                    where = to
                    write_whole(to, data)
    except OSError as error:
        outside = os.path.isabs(_key(to))
        if outside and where in (listed, listed.parent) and error.errno in READ_ONLY:
            return [], [_unlisted(to, data, force)]
        why = f"{where} cannot be written: {error.strerror}"
        more = "" if outside else "; --to FILE writes it elsewhere"
        raise ValueError(why + more * (error.errno in READ_ONLY)) from None
    return told, []


def _unlisted(to: Path, data: bytes, force: bool) -> str:
    """The same for a class that can only be read; what is to be noted of it."""
    from gpt.data import write_whole

    try:
        there = to.is_symlink() or to.exists()
        if there and not force and to.read_bytes() != data:
            raise ValueError(
                f"{to} is there, and the class's folder can only be read, so it does not "
                "say who wrote that: give another file with --to, or --force"
            )
        to.parent.mkdir(parents=True, exist_ok=True)
        write_whole(to, data)
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}") from None
    return (
        "the class's folder can only be read, so this file is not noted there: to write "
        "over it later takes --force"
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _key(to: Path) -> str:
    """How a file is listed: in the class's folder from there, as that may be moved."""
    path, folder = to.resolve(), course.class_folder().resolve()
    inside = path.is_relative_to(folder)
    return path.relative_to(folder).as_posix() if inside else str(path)


def _known(listed: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The digests of what was written, by file; and what is to be told of this list."""
    try:
        found = json.loads(listed.read_text("utf-8"))
        several = {
            _key(Path(k)) if os.path.isabs(k) else k: [v]
            if isinstance(v, str)
            else [*v]
            for k, v in found.items()
        }
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}, [f"{listed} was damaged: which files are ours was not known"]
    return several, []
