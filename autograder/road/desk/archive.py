"""The files of what an LMS hands out, one after another: zips, folders, single files.

Whatever is in them is somebody else's. Nothing is unpacked onto the disk: a file is read
when it is asked for, and no more of it than it may have. Links, names that lead elsewhere
and what cannot be read are told, and the others go on. A zip that somebody handed in is
looked into, and a zip in that one is not.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import itertools
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom import collect
from autograder.classroom.names import shown

ENTRIES = 200_000  # of an LMS's zip, or of a folder
WITHIN = 2_000  # of a zip that somebody handed in
ZIP_MB = collect.NOTEBOOK_MB  # of such a zip
DEPTH = 12  # folders in folders
JUNK = {
    "__MACOSX",
    ".ipynb_checkpoints",
    ".git",
    ".DS_Store",
    "Thumbs.db",
    "__pycache__",
}
_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, IndexError, UnicodeError),
)


@dataclass(frozen=True)
class Piece:
    """A file: its path within its source, in parts that are plain names.

    `read` gives its bytes; ValueError where it cannot be read or has more than it may.
    `source` is the name of what it came in.
    """

    source: str
    parts: tuple[str, ...]
    read: Callable[[int], bytes]

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    @property
    def name(self) -> str:
        return self.parts[-1]


class Sources(contextlib.ExitStack):
    """What is to be collected, with what was odd about it in `problems`."""

    def __init__(self, is_hand_in: Callable[[str], bool] = lambda name: False) -> None:
        """`is_hand_in` tells, of a zip's name in a folder, that a student made it."""
        super().__init__()
        self.problems: list[str] = []
        self._is_hand_in = is_hand_in

    def pieces(self, path: Path) -> list[Piece]:
        """The files in a zip or a folder, or the file itself.

        ValueError where there is nothing of that name.
        """
        if path.is_dir():
            return list(self._folder(path))
        if not path.exists():
            raise ValueError(f"{path}: there is no such file or folder")
        if path.suffix.lower() == ".zip" or _begins_as_zip(path):
            return list(self._archive(path))
        return [Piece(path.name, (path.name,), lambda most: collect.read(path, most))]

    def _folder(self, folder: Path) -> Iterator[Piece]:
        found = 0
        for here, folders, files in os.walk(folder):
            inside = Path(here).relative_to(folder).parts
            folders[:] = sorted(name for name in folders if not _is_junk((name, "")))
            if len(inside) >= DEPTH:
                folders.clear()
            for name in list(folders):
                if (Path(here) / name).is_symlink():
                    self._odd(folder.name, (*inside, name), "is a link")
            for name in sorted(files):
                path, parts = Path(here) / name, (*inside, name)
                if _is_junk(parts):
                    continue
                found += 1
                if found > ENTRIES:
                    self.problems.append(f"{folder.name}: more than {ENTRIES:,} files")
                    return
                if not stat.S_ISREG(path.lstat().st_mode):
                    what = "is a link" if path.is_symlink() else "is no ordinary file"
                    self._odd(folder.name, parts, what)
                elif (
                    path.suffix.lower() == ".zip"
                    and not inside
                    and not self._is_hand_in(name)
                ):
                    yield from self._archive(path)
                else:
                    one = Piece(folder.name, parts, _reader(path))
                    yield from self._maybe_zip(one)

    def _archive(self, path: Path) -> Iterator[Piece]:
        try:
            archive = self.enter_context(zipfile.ZipFile(path))
        except _BROKEN as error:
            self.problems.append(
                f"{shown(path.name)} is no zip that can be read: {error}"
            )
            return
        if len(archive.infolist()) > ENTRIES:
            self.problems.append(f"{path.name}: more than {ENTRIES:,} files in it")
        for info in itertools.islice(archive.infolist(), ENTRIES):
            parts = self._parts(path.name, info, ())
            if parts:
                piece = Piece(path.name, parts, _member(archive, info))
                yield from self._maybe_zip(piece)

    def _maybe_zip(self, piece: Piece) -> Iterator[Piece]:
        """The file, or where it is a zip that somebody handed in, the files in it."""
        if not piece.name.lower().endswith(".zip"):
            yield piece
            return
        try:
            archive = zipfile.ZipFile(io.BytesIO(piece.read(ZIP_MB << 20)))
            infos = archive.infolist()
        except _BROKEN as error:
            self._odd(piece.source, piece.parts, f"cannot be opened: {error}")
            return
        if len(infos) > WITHIN:
            self._odd(piece.source, piece.parts, f"holds more than {WITHIN:,} files")
        for info in infos[:WITHIN]:
            parts = self._parts(piece.source, info, piece.parts)
            if parts and parts[-1].lower().endswith(".zip"):
                self._odd(piece.source, parts, "is a zip in a zip: not opened")
            elif parts:
                yield Piece(piece.source, parts, _within(piece, info))

    def _parts(
        self, source: str, info: zipfile.ZipInfo, before: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The path of a file in a zip, in parts; none where it is not to be looked at."""
        name = _decoded(info).replace("\\", "/")
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if info.is_dir() or name.endswith("/") or not parts or _is_junk(parts):
            return ()
        why = None
        if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", parts[0]):
            why = "has a name that leads elsewhere"
        elif stat.S_ISLNK(info.external_attr >> 16):
            why = "is a link"
        elif info.flag_bits & 1:
            why = "is encrypted"
        elif len(parts) > DEPTH + len(before):
            why = "lies too deep"
        if why:
            self._odd(source, (*before, *parts), why)
            return ()
        return (*before, *parts)

    def _odd(self, source: str, parts: tuple[str, ...], why: str) -> None:
        path = "/".join(map(shown, parts))
        self.problems.append(f"{shown(source)}: {path} {why}: left out")


def packed(file: Path) -> datetime.datetime | None:
    """When an LMS made a zip: the latest time in it, by the LMS's own clock."""
    try:
        with zipfile.ZipFile(file) as zipped:
            return max(datetime.datetime(*info.date_time) for info in zipped.infolist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return None


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _is_junk(parts: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") and part != ".." for part in parts[:-1])
    return hidden or bool(JUNK & {*parts}) or parts[-1].startswith("._")


def _decoded(info: zipfile.ZipInfo) -> str:
    """A name in a zip. Old programs write UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _reader(path: Path) -> Callable[[int], bytes]:
    return lambda most: collect.read(path, most)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    return lambda most: _bounded(archive, info, most)


def _within(outer: Piece, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    """To read a file of a zip in a zip; the zip is not kept in memory meanwhile."""

    def read(most: int) -> bytes:
        data = outer.read(ZIP_MB << 20)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _bounded(archive, info, most)

    return read


def _bounded(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(info) as file:
            data = file.read(most + 1)
    except _BROKEN as error:
        raise ValueError(f"cannot be read: {error}") from None
    if len(data) > most:
        raise ValueError(f"has more than {most >> 20} MB: left out")
    return data
