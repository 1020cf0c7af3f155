"""What was handed in becomes `submitted/STUDENT/EXERCISE/`, and nothing is lost by it.

A folder is made beside, whole, and put in its place by renaming. What was there is
renamed to `replaced/STAMP/STUDENT/EXERCISE/`, and only where the new one is known to be
newer: by the time of handing in, by the numbers that Canvas gives to files, or because a
later download of the same LMS holds the later submission. A time that a person said of
many at once (`assumed`) does not tell. Of the very same work a better time is taken, as
`words` has it. What was said of a time is in the gradebook before its folder is in place.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.classroom import assumed, collect, names
from autograder.classroom.assumed import BY, KNOWN, LATE
from autograder.road.desk import origin, words
from autograder.road.desk.filed import Filed
from autograder.road.desk.senders import utc

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

NEW, NEWER, SAME, OLDER, UNKNOWN = "new", "newer", "same", "older", "unknown"
TIMED = "timed"  # the same, and its time is another than the one known


@dataclass(frozen=True)
class Compared:
    """How one stands to what is there, and what of its time is told, and kept."""

    how: str
    told: str = ""
    what: str = ""  # becomes of the time: see `words`
    submission: str = ""  # what is there, and its time
    at: datetime.datetime | None = None


@dataclass
class Cabinet:
    """The folder of a class, and what is known of what lies in it."""

    folder: Path
    gradebook: Gradebook
    received: dict[tuple[str, str], Any]
    words: dict[tuple[str, str], assumed.Words]
    stamp: str = ""

    def __post_init__(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        self.stamp = f"{now:%Y-%m-%d %H-%M-%S} UTC"

    def place(self, student: str, exercise: str) -> Path:
        return self.folder / "submitted" / student / exercise

    def compare(self, new: Filed) -> Compared:
        """How a submission stands to what lies in its folder.

        ValueError where that folder is none, or leads elsewhere.
        """
        place = self.place(new.student, new.exercise)
        _no_link(self.folder, place)
        if not os.path.lexists(place):
            return Compared(NEW, words.lacks(new))
        old = collect.collect(place, new.exercise)
        there = {**old.files, **old.others}
        stamp = there.pop(collect.STAMP, None)
        at = utc(stamp.decode("utf-8", "replace").strip()) if stamp else None
        said = self.words.get((new.exercise, new.student), {})
        word = assumed.of(said, old.fingerprint, at)
        alike, lead = old.notebook == new.notebook, self._lead(new)
        same = alike and there == dict(new.files)
        is_said = word is not None and word.how != KNOWN  # by a person
        if same and lead < 0 and new.how in (BY, LATE):
            return Compared(SAME)  # of an earlier file
        again = lead > 0 and new.how != words.NONE and new.at != at
        known = new.how == KNOWN and None not in (at, new.at) and new.at != at
        if same and not again and not (known and not is_said):
            what, told = words.decide(new, at, word, lead > 0)
            is_other = word is not None or at is None  # and is now said of the time
            said_anew = what == words.RECORD and new.how != KNOWN and is_other
            how = TIMED if what == words.RETIME or said_anew else SAME
            return Compared(how, told, what, old.fingerprint, at)
        how = self._which(new, at, word if is_said else None, same, alike)
        is_timed = same and how == NEWER and lead == 0 and bool(new.number)
        return Compared(TIMED if is_timed else how, words.lacks(new))

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
        if same and new.listed:
            return NEWER  # its time is known better
        was_by = word is not None and word.how == BY
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

    def _lead(self, new: Filed) -> int:
        """Whether Canvas's number says of a later file (1), of an earlier (-1), or not."""
        before = self.received.get((new.exercise, new.student))
        if before is None or before.form != new.form or not before.number:
            return 0
        return (new.number > before.number) - (0 < new.number < before.number)

    def say(
        self, new: Filed, submission: str, at: datetime.datetime | None = None
    ) -> None:
        """Keep what is said of the time of a hand-in."""
        of = self.gradebook, new.exercise, new.student, submission
        assumed.keep(*of, new.how, at, new.late_by, new.packed)
        self.gradebook.db.commit()

    def put(self, new: Filed) -> Path | None:
        """File it. The result is where the older one lies now, if there was one."""
        place = self.place(new.student, new.exercise)
        _no_link(self.folder, place)
        with self._beside() as made:
            for name, data in new.contents.items():
                _write(made / name, data)
            if new.how != words.NONE:
                self.say(new, collect.collect(made, new.exercise).fingerprint, new.at)
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


def cabinet(folder: Path, gradebook: Gradebook) -> Cabinet:
    """What lies in a class's folder, and what is known of it."""
    known, said = origin.known(gradebook), assumed.every(gradebook)
    gradebook.db.rollback()
    return Cabinet(folder, gradebook, known, said)
