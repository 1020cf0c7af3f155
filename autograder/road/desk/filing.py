"""What was handed in becomes `submitted/STUDENT/EXERCISE/`, and nothing is lost by it.

A folder is made beside, whole, and put in its place by renaming. What was there is
renamed to `replaced/STAMP/STUDENT/EXERCISE/`, and only where the new one is known to be
newer: by the time of handing in, by the numbers that Canvas gives to files, or because a
later download of the same LMS holds the later submission. A time that a person said of
many at once (`assumed`) does not tell. Of the very same work a better time is taken.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from autograder.classroom import assumed, collect, names
from autograder.road.desk.archive import Piece
from autograder.road.desk.senders import utc

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

RECEIVED = sa.Table(
    "autograder_received",
    sa.MetaData(),
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column(
        "form", sa.String(64), nullable=False
    ),  # of the file names: whose they are
    sa.Column("number", sa.BigInteger, nullable=False),  # of the file, in Canvas
    sa.Column("packed", sa.DateTime),  # when the LMS made the zip, by its own clock
    sa.Column("label", sa.Text, nullable=False),  # the student's, in the file names
)
NEW, NEWER, SAME, OLDER, UNKNOWN = "new", "newer", "same", "older", "unknown"
TIMED = "timed"  # the same, and its time is another than the one known


@dataclass(frozen=True)
class Filed:
    """One submission as it is to lie in its folder, and where it came from."""

    student: str
    exercise: str
    notebook: bytes
    files: Mapping[str, bytes]
    at: datetime.datetime | None
    form: str
    number: int = 0
    packed: datetime.datetime | None = None
    label: str = ""  # as `Sender` has it: pages go back to the LMS under it
    assumed: bool = False  # the time is a person's word for all that have none
    late_by: datetime.timedelta | None = None  # the word is of how late it was
    listed: bool = False  # the time is of a table that was given

    @property
    def contents(self) -> dict[str, bytes]:
        """The names and bytes of all its files."""
        found = {f"{self.exercise}.ipynb": self.notebook, **self.files}
        if self.at is not None:
            stamp = f"{self.at.isoformat(sep=' ', timespec='seconds')} UTC\n"
            found[collect.STAMP] = stamp.encode()
        return found


@dataclass
class Cabinet:
    """The folder of a class, and what is known of what lies in it."""

    folder: Path
    received: dict[tuple[str, str], Any] = field(default_factory=dict)
    words: dict[tuple[str, str], Any] = field(default_factory=dict)  # see `assumed`
    stamp: str = ""

    def __post_init__(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        self.stamp = f"{now:%Y-%m-%d %H-%M-%S} UTC"

    def place(self, student: str, exercise: str) -> Path:
        return self.folder / "submitted" / student / exercise

    def compare(self, new: Filed) -> str:
        """How a submission stands to what lies in its folder.

        ValueError where that folder is none, or leads elsewhere.
        """
        place = self.place(new.student, new.exercise)
        _no_link(self.folder, place)
        if not os.path.lexists(place):
            return NEW
        old = collect.collect(place, new.exercise)
        there = {**old.files, **old.others}
        stamp = there.pop(collect.STAMP, None)
        at = utc(stamp.decode("utf-8", "replace").strip()) if stamp else None
        word = self.words.get((new.exercise, new.student))
        word = word if word is not None and word.at == at else None
        same = old.notebook == new.notebook and there == dict(new.files)
        if same and _is_known(new, at, word):
            return SAME
        alike = old.notebook == new.notebook
        how = self._which(new, at, word, same, alike)
        is_timed = same and (at is None or self._is_that_file(new))
        return TIMED if how == NEWER and is_timed else how

    def _which(
        self,
        new: Filed,
        at: datetime.datetime | None,
        word: Any,
        same: bool,
        alike: bool,
    ) -> str:
        """Of two that differ, or whose times do, the newer; `word` is of the old time."""
        both = None not in (new.at, at) and not new.assumed
        if alike and new.at is not None and at is None:
            return NEWER  # the same, and now its time is known
        if both and new.at != at and word is None and not (same and new.listed):
            return NEWER if new.at > at else OLDER
        if how := self._order(new):
            return how
        if same and (new.listed or word is not None):
            return NEWER  # its time is known better
        was_by = word is not None and word.late_by is None
        return NEWER if both and was_by and new.at > at else UNKNOWN

    def _order(self, new: Filed) -> str:
        """By what the LMS says of its files and zips; empty where that does not tell."""
        before = self.received.get((new.exercise, new.student))
        if before is None or before.form != new.form:
            return ""
        for mine, theirs in (new.number, before.number), (new.packed, before.packed):
            if mine and theirs and mine != theirs:
                return NEWER if mine > theirs else OLDER
            if mine and theirs and mine == new.number:
                return ""  # the same file's
        return ""

    def instead(self, new: Filed) -> Filed:
        """One that is taken in place of a newer one, which is not newer than this then."""
        before = self.received.get((new.exercise, new.student))
        if before is None or before.form != new.form:
            return new
        last = max(filter(None, (new.packed, before.packed)), default=None)
        return replace(new, number=max(new.number, before.number), packed=last)

    def _is_that_file(self, new: Filed) -> bool:
        """Whether Canvas's number says that it is the very file which lies there."""
        before = self.received.get((new.exercise, new.student))
        known = before is not None and before.form == new.form
        return known and 0 < new.number == before.number

    def put(self, new: Filed) -> Path | None:
        """File it. The result is where the older one lies now, if there was one."""
        place = self.place(new.student, new.exercise)
        _no_link(self.folder, place)
        with self._beside() as made:
            for name, data in new.contents.items():
                _write(made / name, data)
            old = None
            if os.path.lexists(place):
                old = self._replaced(new.student, new.exercise)
                old.parent.mkdir(parents=True, exist_ok=True)
                os.rename(place, old)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(made, place)
            except OSError:
                if old is not None:  # it was there, and is again
                    os.rename(old, place)
                raise
        return old

    def _replaced(self, student: str, exercise: str) -> Path:
        """A place in replaced/ where nothing lies yet."""
        top, number = self.folder / "replaced", 1
        while True:
            again = f" {number}" if number > 1 else ""
            found = top / f"{self.stamp}{again}" / student / exercise
            if not os.path.lexists(found):
                return found
            number += 1

    @contextlib.contextmanager
    def _beside(self) -> Iterator[Path]:
        """A new folder next to submitted/, so that renaming it takes no time."""
        made = self.folder / f"collecting-{os.getpid()}"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _is_known(new: Filed, at: datetime.datetime | None, word: Any) -> bool:
    """Whether the same work says no more of its time than what is there.

    What was said of all (`word`, if of what is there) gives way to what an LMS says, and
    to how late it was, if that is another now.
    """
    if new.at in (None, at):
        return True
    if not new.assumed or at is None:
        return False
    if word is None or new.late_by is None:
        return True
    return word.late_by == int(new.late_by.total_seconds())


def _write(path: Path, data: bytes) -> None:
    """On the disk before its folder is renamed, so that no power failure empties it."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _no_link(folder: Path, place: Path) -> None:
    """ValueError where a folder on the way leads out of the class's folder."""
    inside = place.relative_to(folder).parts
    if len(inside) != 3 or {"..", "."} & {*inside}:
        raise ValueError(f"{names.shown(str(place))} is no place for a submission")
    here = folder
    for part in inside:
        here /= part
        if here.is_symlink():
            raise ValueError(f"{names.shown(str(here))} is a link: nothing was filed")
        if here.exists() and not here.is_dir():
            raise ValueError(
                f"{names.shown(str(here))} is no folder: nothing was filed"
            )


def beside(
    notebook: Piece, others: list[tuple[str, Piece]], exercise: str, problems: list[str]
) -> dict[str, bytes]:
    """The files that come along with a notebook, by name: ordinary ones, bounded in all."""
    found: dict[str, bytes] = {}
    room = collect.FILES_MB << 20
    for name, piece in others:
        where = f"{names.shown(notebook.source)}: {names.shown(piece.path)}"
        if len(found) == collect.FILES:
            problems.append(f"{where}: more than {collect.FILES} files: left out")
            break
        if why := _odd(name, exercise):
            problems.append(f"{where} {why}: left out")
            continue
        try:
            data = piece.read(room)
        except ValueError as error:
            problems.append(f"{where} {error}")
            continue
        room -= len(data)
        found[name] = data
    return found


def _odd(name: str, exercise: str) -> str | None:
    """Why a file of this name does not come along."""
    if name == collect.STAMP:
        return "is not the student's to write"
    if name == f"{exercise}.ipynb":
        return "has the notebook's name"
    if name.startswith(".") or "/" in name or "\0" in name or len(name.encode()) > 200:
        return "has an odd name"
    if any(not (letter.isprintable()) for letter in name):
        return "has an odd name"
    return None


def cabinet(folder: Path, gradebook: Gradebook) -> Cabinet:
    """What lies in a class's folder, and what is known of it."""
    received, words = known(gradebook), assumed.every(gradebook)
    gradebook.db.rollback()
    return Cabinet(folder, received, words)


def known(gradebook: Gradebook) -> dict[tuple[str, str], Any]:
    """Where each submission that was collected came from."""
    RECEIVED.create(gradebook.engine, checkfirst=True)
    rows = gradebook.db.execute(sa.select(RECEIVED)).all()
    gradebook.db.rollback()
    return {(row.assignment, row.student): row for row in rows}


def note(gradebook: Gradebook, filed: list[Filed], same: Collection[Filed]) -> None:
    """Keep where these came from, and which times are a person's word.

    Of the `same` as before that word stands, unless an LMS says that time, too.
    """
    table = RECEIVED.c
    try:
        for one in [*filed, *same]:
            here = sa.and_(
                table.assignment == one.exercise, table.student == one.student
            )
            gradebook.db.execute(sa.delete(RECEIVED).where(here))
            new = {"form": one.form, "number": one.number, "packed": one.packed}
            new["label"] = one.label
            key = {"assignment": one.exercise, "student": one.student}
            gradebook.db.execute(sa.insert(RECEIVED).values(**key, **new))
        for one in filed:
            at = one.at.replace(microsecond=0) if one.assumed and one.at else None
            to = one.exercise, one.student, at, one.late_by
            assumed.keep(gradebook, *to)
        for one in same:
            if one.at is not None and not one.assumed:
                assumed.keep(gradebook, one.exercise, one.student, None)
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise
