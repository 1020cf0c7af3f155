"""From an LMS's files to `submitted/`: each student's newest notebook, with its time."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from autograder.classroom import collect, course, late, names
from autograder.road.desk import (
    archive,
    beside,
    filing,
    gather,
    newest,
    origin,
    outcome,
    people,
    said,
    senders,
    stamps,
    words,
)
from autograder.road.desk.exercises import Exercises
from autograder.road.desk.filed import Filed
from autograder.road.desk.gather import Gathered, Notebook
from autograder.road.desk.outcome import Outcome

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

    from autograder.road.desk.people import Directory
    from autograder.road.times import Clock


@dataclass(frozen=True)
class Wish:
    """What was asked for. `given` says whose a file is, `replace` for whom any is taken."""

    paths: Sequence[Path]
    exercise: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    late_by: datetime.timedelta | None = None
    replace: frozenset[str] = frozenset()
    dry_run: bool = False
    time: str | None = None  # the column with times in a CSV
    handed_in: datetime.datetime | None = None  # what has no time; UTC
    dates: str | None = None  # the order of day and month in a CSV: see `dates.DATES`


def take_in(
    wish: Wish, gradebook: Gradebook, directory: Directory | None, clock: Clock
) -> Outcome:
    """File what was handed in. Without a `directory`, names are taken as ids.

    ValueError where a path, or a file that was named, is not there.
    """
    done, exercises = Outcome(), Exercises()
    known = directory if directory is not None else people.Directory([])
    every = list(exercises.steps)

    def is_hand_in(name: str) -> bool:
        return senders.is_hand_in(name, known, every)

    with _alone(), archive.Sources(is_hand_in) as sources:
        handed_in, sheets, packed = [], [], {}
        for path in wish.paths:
            by_source: dict[str, list[Any]] = {}
            if path.suffix.lower() == ".csv" and path.is_file():
                sheets += sources.pieces(path)  # one inside is a student's own
                continue
            for piece in sources.pieces(path):
                by_source.setdefault(piece.source, []).append(piece)
            for source, some in by_source.items():
                packed[source] = archive.packed(
                    path if path.is_file() else path / source
                )
                handed_in += senders.senders(some, known, every, done.left)
        if sheets and len(sheets) == len(wish.paths):
            raise ValueError(
                f"{names.shown(wish.paths[0].name)} is a list, and holds no notebooks: "
                "give the LMS's zip (or a folder) as well"
            )
        if not handed_in:
            done.left.append("no file that a student handed in was found there")
        times = stamps.Times(wish.time, wish.dates)
        for sheet in sheets:
            times.add(sheet, directory, clock)
        done.left += times.problems
        done.notes += times.notes
        found = gather.gather(
            handed_in,
            directory,
            exercises,
            wish.exercise,
            wish.given,
            times,
            origin.known(gradebook),
        )
        _file(wish, gradebook, found, times, packed, done)
        done.left = [*sources.problems, *done.left]
    outcome.tell(wish.exercise, found, done)
    outcome.timeless(gradebook, done)
    outcome.miss(wish.exercise, directory, done)
    return done


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Not while the class is graded: what is read would be moved away meanwhile."""
    folder = course.class_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"{folder.name!r} is being graded or collected just now"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _file(
    wish: Wish,
    gradebook: Gradebook,
    found: Gathered,
    times: stamps.Times,
    packed: Mapping[str, datetime.datetime | None],
    done: Outcome,
) -> None:
    """File each that counts, one after another: a class is not kept in memory."""
    cabinet = filing.cabinet(course.class_folder(), gradebook)
    if not wish.dry_run:
        origin.writable(gradebook)
    stamped: list[str] = []  # whose time is that of a timestamp.txt
    try:
        for one in _counting(wish, found, times, done):
            done.forms[one.sender.form] = None
            at = _at(one, found, times)
            is_assumed = at is None
            late_by = wish.late_by if is_assumed and one.sender.is_late else None
            if is_assumed and one.sender.is_late:
                at = _marked(wish, gradebook, one, done)
            elif is_assumed:
                at = wish.handed_in
            at = at and at.replace(microsecond=0)  # as a timestamp.txt has it
            made = packed.get(one.piece.source)
            made = made if one.sender.form in senders.PACKED else None
            others = list(newest.along(one, found))
            if one.sender.at is None and (own := _own(one, found)) is not None:
                others = [each for each in others if each[0] != collect.STAMP]
                if one.student not in times.known:
                    stamped.append(one.student)
                elif told := stamps.apart(own, times.known[one.student]):
                    done.notes.append(f"{names.shown(one.student)}: {told}")
            filed = Filed(
                one.student,
                one.exercise,
                one.piece.read(collect.NOTEBOOK_MB << 20),
                beside.files(one.piece, others, one.exercise, done.notes),
                at,
                one.sender.form,
                one.sender.number,
                made,
                one.sender.label,
                is_assumed,
                late_by,
                one.sender.at is None and one.student in times.known,
                one.sender.is_late,
            )
            _put(wish, cabinet, filed, done)
    finally:
        gradebook.db.rollback()
        if not wish.dry_run:
            as_before = map(cabinet.instead, [*done.same, *done.timed])
            origin.note(gradebook, [*done.new, *done.newer, *as_before])
    if stamped:
        done.notes.append(
            "the time is that of a timestamp.txt, which whoever can write the folder may "
            f"have set ({len(stamped):,}): {names.several(stamped)}"
        )


def _counting(
    wish: Wish, found: Gathered, times: stamps.Times, done: Outcome
) -> Iterator[Notebook]:
    """Of each student's notebooks of an exercise the one that counts."""
    exercises: dict[tuple[str, str], set[str]] = {}
    for (student, exercise), several in found.found.items():
        for one in several:
            exercises.setdefault((student, one.piece.source), set()).add(exercise)
    for (student, _), several in sorted(found.found.items()):
        is_one_of_many = len(exercises[student, several[0].piece.source]) > 1
        untouched = not any(one.worked for one in several)
        if wish.exercise is None and is_one_of_many and untouched:
            found.untouched += several
            continue
        one, told = newest.counts(several, lambda each: _at(each, found, times))
        if one is None:
            listed = ", ".join(names.shown(each.where) for each in several[:3])
            first = said.file_of(several[0].piece, several[0].sender)
            example = f"--as {said.quoted(found.files.path(first))}={student}"
            done.left.append(
                f"{names.shown(student)}: {listed}: which is newer? {example} takes it"
            )
            continue
        done.notes += told
        if one.broken:
            other = f" (`collect {one.like}` takes it as that)" if one.like else ""
            done.notes.append(
                f"{names.shown(student)}: {names.shown(one.name)}: {one.broken}; taken "
                f"as {one.exercise}, as its name says{other}"
            )
        yield one


def _at(
    one: Notebook, found: Gathered, times: stamps.Times
) -> datetime.datetime | None:
    """When a notebook was handed in, if that is known.

    A CSV that was given goes before a timestamp.txt, which may be the student's own.
    """
    return one.sender.at or times.known.get(one.student) or _own(one, found)


def _own(one: Notebook, found: Gathered) -> datetime.datetime | None:
    """What the timestamp.txt beside a notebook says, in a folder as nbgrader has them."""
    if one.sender.stamped:
        for name, piece in newest.along(one, found):
            if name == collect.STAMP:
                return stamps.stamp(piece)
    return None


def _marked(
    wish: Wish, gradebook: Gradebook, one: Notebook, done: Outcome
) -> datetime.datetime | None:
    """The time of one that is marked late, where a person said how late that is.

    By Canvas's own date, which for who has an extension may be another: that is told.
    """
    if not one.sender.is_late or wish.late_by is None:
        return None
    from autograder.road.dues import dues

    due = dues(gradebook).get(one.exercise)
    if due is None:
        return None
    more = late.extensions(gradebook, one.exercise, due, one.student)
    if one.student in more:
        due += more[one.student]
        done.notes.append(
            f"{names.shown(one.student)}: LATE in Canvas, and has an extension: --late-by "
            f"counts from {due:%Y-%m-%d %H:%M} UTC. If Canvas does not know of the "
            "extension, give the time in a CSV"
        )
    return due + wish.late_by


def _put(wish: Wish, cabinet: filing.Cabinet, new: Filed, done: Outcome) -> None:
    """File one, where it is to be filed."""
    who = f"{names.shown(new.student)}: {new.exercise}"
    anyhow = bool({new.student, "all"} & wish.replace)
    try:
        known = cabinet.compare(new)
        how, told, what = known.how, known.told, known.what
        if anyhow and told in (words.ASKED, words.EARLIER):
            how, told = filing.TIMED, ""
            what = words.RECORD if new.at is None else words.RETIME
        if how == filing.UNKNOWN and anyhow:
            how = filing.NEWER
        elif how == filing.OLDER and new.student in wish.replace:
            how, new = filing.NEWER, cabinet.instead(new)
        if wish.dry_run:
            pass
        elif what == words.RECORD:
            cabinet.say(new, known.submission, known.at)
        elif how in (filing.NEW, filing.NEWER, filing.TIMED):
            old = cabinet.put(new)
            if old is not None:
                done.replaced = old.parents[1]
    except (ValueError, OSError) as error:
        done.left.append(f"{who}: {error}")
        return
    light = replace(new, notebook=b"", files={})
    if how == filing.OLDER:
        done.notes.append(
            f"{who}: what is there is newer, and stays; --replace "
            f"{said.quoted(new.student)} takes this one"
        )
    elif how == filing.UNKNOWN:
        done.left.append(
            f"{who}: another one is there, and nobody knows which is newer: "
            f"--replace {said.quoted(new.student)} takes this one"
        )
    else:
        {
            filing.NEW: done.new,
            filing.NEWER: done.newer,
            filing.SAME: done.same,
            filing.TIMED: done.timed,
        }[how].append(light)
        if told:
            done.told.setdefault(told, []).append(light)
