"""Which word of a hand-in's time is kept, and what is told of the others.

A time that an LMS or a CSV says goes before what a person says of many at once. What a
person said can be said otherwise, and nothing that is not taken goes untold.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograder.classroom import names
from autograder.classroom.assumed import BY, KNOWN, LATE, NONE
from autograder.road.desk import senders

if TYPE_CHECKING:
    from autograder.road.desk.filed import Filed

UNSURE = "unsure"  # there is a time, and nobody knows whose word
STAY, RECORD, RETIME = "stay", "record", "retime"  # what becomes of word and time
UNTIMED, HOW_LATE, UNDUE = "untimed", "how late", "undue"
GONE, COME, ASKED, EARLIER, STANDS = "gone", "come", "asked", "earlier", "stands"
TOLD = {  # what is told of how many, and of whom
    GONE: "not LATE in Canvas any more, and as late as was said before: --handed-in TIME "
    "says by when",
    COME: "LATE in Canvas now, and still as was said before: --late-by 1d counts each "
    "as a day late",
    ASKED: "with a time of which nobody knows any more who said it: it stays; "
    "--replace ID takes what is said now",
    EARLIER: "there by an earlier time, as was said of another download: that stays; "
    "--replace ID takes the later one",
    STANDS: "with a time that an LMS or a CSV said: that stays",
    UNDUE: "LATE in Canvas, and nothing is due yet: --late-by counts from the due date, "
    "as soon as there is one",
}
FOR_A_PERSON = GONE, COME, ASKED


def decide(
    new: Filed, at: datetime.datetime | None, row: Any, again: bool = False
) -> tuple[str, str]:
    """What becomes of the time of the same work, and what is told of it.

    at, row: the time that is there, and what was said of it (see `assumed`). again: it
    was handed in once more.
    """
    was = row.how if row is not None else NONE if at is None else UNSURE
    how = new.how
    if how == NONE:
        return STAY, _left(new, was, again)
    if how != KNOWN and was == KNOWN:
        is_told = new.at != at if how == LATE else new.at < at
        return STAY, STANDS * is_told
    if how != KNOWN and was == UNSURE and new.at != at:
        is_told = how == LATE or new.at < at
        return STAY, ASKED * is_told
    if how == was == BY and new.at > at and not _same_download(new, row):
        return STAY, EARLIER
    told = UNDUE if how == LATE and new.at is None else ""
    same = how == was and (how != LATE or row.late_by == new.late_by.total_seconds())
    if same and (how == LATE or new.at == at) and not (at is None and new.at):
        return STAY, told
    return (RECORD if new.at in (None, at) else RETIME), told


def lacks(new: Filed) -> str:
    """What is told of the time of one that was not there before."""
    if new.at is not None:
        return ""
    return UNDUE if new.how == LATE else HOW_LATE if new.is_late else UNTIMED


def _left(new: Filed, was: str, again: bool) -> str:
    if new.is_late and (was == NONE or (again and was != LATE)):
        return HOW_LATE
    if new.is_late and was == BY:
        return COME
    if was == LATE and not new.is_late and new.form == senders.CANVAS:
        return GONE
    return UNTIMED if was == NONE else ""


def _same_download(new: Filed, row: Any) -> bool:
    return new.packed is not None and new.packed == row.packed


def sentence(what: str, students: list[str]) -> str:
    """What is told of these students."""
    return f"{len(students):,} {TOLD[what]} ({names.several(students)})"


def sentences(told: Mapping[str, list[Filed]]) -> tuple[list[str], list[str]]:
    """What is left for a person, and what is only noted."""
    left, notes = [], []
    for what in TOLD:
        if some := told.get(what):
            students = [one.student for one in some]
            (left if what in FOR_A_PERSON else notes).append(sentence(what, students))
    return left, notes
